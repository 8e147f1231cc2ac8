import { toHex } from '../../base/bytes.ts';
import type { AccountId, DeviceId, SnapshotId } from '../../protocol/ids.ts';
import { byteStringOfText, displayName } from '../core/byteString.ts';
import type { BytePath } from '../core/byteString.ts';
import type { FormatContext } from '../core/formatContext.ts';
import { ruleOptionsDefault } from '../core/ignore/directoryRules.ts';
import type { RuleOptions } from '../core/ignore/directoryRules.ts';
import { deriveKeys } from '../core/keys/deriveKeys.ts';
import { createKeyRing } from '../core/keys/keyRing.ts';
import { openSnapshotDetails } from '../core/snapshot/encodeSnapshot.ts';
import { decodeSnapshotHeader } from '../core/snapshot/snapshotHeader.ts';
import type { SnapshotDetails, SnapshotHeader } from '../core/snapshot/snapshotTypes.ts';
import { systemClock } from '../platform/clock.ts';
import { nodeFiles } from '../platform/nodeFiles.ts';
import { createPrimitives } from '../platform/primitives.ts';
import type { Files } from '../ports/files.ts';
import type { Clock, Log } from '../ports/primitives.ts';
import type { Repository } from '../ports/repository.ts';
import type { StateFolder } from '../ports/stateFolder.ts';
import { FolderEngine } from '../run/folderEngine.ts';
import type { EngineLimits } from '../run/folderEngine.ts';
import { ObjectReader } from '../run/read/objectReader.ts';
import type { PushOptions, PushReport } from '../run/reports.ts';
import { FaultyRepository } from '../store/faultyRepository.ts';
import { MemoryServer } from '../store/memoryRepository.ts';
import { DiskFolder } from './diskFolder.ts';
import { memoryStateFolder } from './memoryStateFolder.ts';

export interface EngineOptions {
  readonly folder?: DiskFolder;
  readonly device?: DeviceId;
  readonly state?: StateFolder;
  readonly outbox?: StateFolder;
  readonly files?: Files;
  readonly repository?: Repository;
  readonly clock?: Clock;
  readonly limits?: EngineLimits;
  readonly name?: string;
  readonly rules?: RuleOptions;
}

export const silentLog: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** A real folder, a server in memory behind a network that can fail, and engines between the two. */
export class FolderWorld {
  readonly folder: DiskFolder;
  readonly context: FormatContext;
  readonly server: MemoryServer;
  readonly account: AccountId;
  readonly device: DeviceId;
  readonly network: FaultyRepository;
  readonly state = memoryStateFolder();
  readonly outbox = memoryStateFolder();
  readonly signal = new AbortController().signal;
  readonly clock = skippingClock();

  static async create(test: { after(run: () => Promise<void>): void }): Promise<FolderWorld> {
    return new FolderWorld(await DiskFolder.create(test));
  }

  private constructor(folder: DiskFolder) {
    this.folder = folder;
    const primitives = createPrimitives();
    this.context = { ...primitives, keys: deriveKeys(createKeyRing(primitives.random), primitives.hasher) };
    this.server = new MemoryServer({ ...primitives, clock: this.clock });
    this.account = this.newId<AccountId>();
    this.device = this.newId<DeviceId>();
    this.network = this.connect(this.device);
  }

  newId<Id extends string>(): Id {
    return toHex(this.context.random.bytes(16)) as Id;
  }

  connect(device: DeviceId): FaultyRepository {
    return new FaultyRepository(this.server.repository({ account: this.account, device, deviceName: `device ${device.slice(0, 4)}` }));
  }

  async engine(options: EngineOptions = {}): Promise<FolderEngine> {
    const { folder = this.folder, device = this.device, state = this.state, outbox = this.outbox } = options;
    const network = device === this.device ? this.network : this.connect(device);
    return await FolderEngine.open({
      files: options.files ?? nodeFiles,
      root: folder.path,
      folder: folder.text,
      host: 'test host',
      hostId: 'test host id',
      rules: options.rules ?? ruleOptionsDefault,
      state,
      outbox,
      repository: options.repository ?? network.repository,
      context: this.context,
      device,
      name: options.name ?? 'project',
      clock: options.clock ?? this.clock,
      log: silentLog,
      limits: { patienceMs: 1_000, ...options.limits },
    });
  }

  push(engine: FolderEngine, options: Partial<PushOptions> = {}): Promise<PushReport> {
    return engine.push({ ...pushDefaults, signal: this.signal, ...options });
  }

  /** A save of these paths. */
  save(engine: FolderEngine, ...paths: readonly string[]): Promise<PushReport> {
    return this.push(engine, { dirty: new Set(paths.map((path) => byteStringOfText(path))), trigger: 'save' });
  }

  /** Every stored snapshot, oldest first. */
  snapshots(): readonly { readonly header: SnapshotHeader; readonly id: SnapshotId; readonly details: SnapshotDetails }[] {
    const stored = [...this.server.account(this.account).snapshots.values()].sort((a, b) => a.seq - b.seq);
    return stored.map(({ record }) => ({
      id: record.id,
      header: decodeSnapshotHeader(record.header),
      details: openSnapshotDetails(record, this.context),
    }));
  }

  /** What the server can give back of a snapshot: every file's whole content, checked. */
  async stored(header: SnapshotHeader): Promise<Readonly<Record<string, string>>> {
    const repository = this.connect(this.device).repository;
    const reader = new ObjectReader({ repository, context: this.context, signal: this.signal });
    const found: Record<string, string> = {};
    const walk = async (tree: SnapshotHeader['root'], path: string): Promise<void> => {
      for (const entry of await reader.readDirectory(tree)) {
        const at = `${path}${displayName(entry.name)}`;
        if (entry.kind === 'symlink') found[at] = `-> ${entry.target}`;
        if (entry.kind === 'file') {
          const parts: Uint8Array[] = [];
          for await (const part of reader.readFile(entry)) parts.push(part);
          found[at] = Buffer.concat(parts).toString('latin1');
        }
        if (entry.kind === 'directory') {
          found[`${at}/`] = '';
          await walk(entry.tree, `${at}/`);
        }
      }
    };
    await walk(header.root, '');
    return found;
  }
}

const pushDefaults: Omit<PushOptions, 'signal'> = {
  dirty: 'all',
  trigger: 'manual',
  message: undefined,
  force: false,
  dryRun: false,
  include: new Set<BytePath>(),
  onProgress: () => {},
};

/** The time of day, plus what was slept: a sleep passes at once, unless it is only there to be interrupted. */
function skippingClock(): Clock {
  let skippedMs = 0;
  return {
    now: () => systemClock.now() + skippedMs,
    async sleep(ms, { signal }) {
      signal.throwIfAborted();
      if (ms < 1_000) {
        skippedMs += ms;
        return;
      }
      await new Promise<void>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));
    },
  };
}
