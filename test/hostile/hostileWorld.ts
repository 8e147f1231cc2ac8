import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toHex } from '../../base/bytes.ts';
import type { ObjectId, PackId } from '../../protocol/ids.ts';
import { apiPrefix } from '../../protocol/routes.ts';
import { openSegment } from '../../engine/core/segment/decodeSegment.ts';
import { systemClock } from '../../engine/platform/clock.ts';
import { silentLog } from '../../engine/platform/log.ts';
import { createPrimitives } from '../../engine/platform/primitives.ts';
import type { Pack } from '../../engine/ports/repository.ts';
import { SuiteWorld } from '../../engine/testing/repository/suiteWorld.ts';
import { openServerCore } from '../../server/openServerCore.ts';
import { LiveServer, type LiveDevice, type RawAnswer } from '../support/liveServer.ts';

export const primitives = createPrimitives();
const boundary = 'frontier';

export interface FormPart {
  readonly name: string;
  readonly filename?: string;
  readonly bytes: Uint8Array | string;
}

/**
 * A live server over a data folder, with ann, who pushes as ever, and mallory, who has an account of her own. Whatever
 * a test did, `stillServes` at its end tells whether ann's backups go on.
 */
export class HostileWorld {
  readonly server: LiveServer;
  readonly ann: LiveDevice;
  readonly mallory: LiveDevice;
  /** Ann's keys. */
  readonly world: SuiteWorld;
  readonly folder: string;

  private constructor(parts: Pick<HostileWorld, 'server' | 'ann' | 'mallory' | 'folder'>) {
    this.server = parts.server;
    this.ann = parts.ann;
    this.mallory = parts.mallory;
    this.folder = parts.folder;
    const { ann, mallory } = parts;
    this.world = new SuiteWorld({ laptop: ann, desktop: ann, stranger: mallory, close: async () => {} }, primitives);
  }

  static async open(): Promise<HostileWorld> {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-hostile-'));
    const core = await openServerCore({ dataDirectory: join(folder, 'data'), primitives, clock: systemClock, log: silentLog });
    const server = await LiveServer.start({ core });
    return new HostileWorld({ server, ann: await server.device('ann', 'laptop'), mallory: await server.device('mallory', 'lair'), folder });
  }

  async close(): Promise<void> {
    await this.server.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** A workspace, a snapshot with its pack in one request, and everything read back. */
  async stillServes(by: LiveDevice = this.ann): Promise<void> {
    const { world } = this;
    const lane = await world.lane(by, await world.workspace(by, `normal ${world.randomId()}`));
    const file = world.chunk(`content ${world.randomId()}`);
    const root = world.tree({ file });
    await world.commitWell(lane, { root: root.id, pack: await world.pack(file, root) });
    const segments = await by.repository.fetch({ kind: 'objects', ids: [root.id, file.id] }, world);
    const read = (await Promise.all(segments.map((segment) => openSegment(segment, world.context)))).flat();
    assert.deepEqual(new Set(read.map(({ id }) => id)), new Set<ObjectId>([root.id, file.id]));
  }

  /** A pack of any bytes under its right name, or under another. */
  async postPack(bytes: Uint8Array, filename = `${sha256(bytes)}.zip`): Promise<RawAnswer> {
    return await this.post('/packs', form({ name: 'pack', filename, bytes }));
  }

  async post(path: string, body: Uint8Array, by: LiveDevice = this.mallory): Promise<RawAnswer> {
    const headers = { 'content-type': `multipart/form-data; boundary=${boundary}` };
    return await this.server.raw({ method: 'POST', path: apiPrefix + path, token: by.token, headers, body });
  }
}

export function form(...parts: readonly FormPart[]): Buffer {
  const pieces = parts.flatMap(({ name, filename, bytes }) => [
    `--${boundary}\r\ncontent-disposition: form-data; name="${name}"; filename="${filename ?? name}"\r\n`,
    'content-type: application/octet-stream\r\n\r\n',
    bytes,
    '\r\n',
  ]);
  return Buffer.concat([...pieces, `--${boundary}--\r\n`].map((piece) => Buffer.from(piece)));
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export function packOfBytes(bytes: Uint8Array): Pack {
  return { id: toHex(primitives.hasher.sha256(bytes)) as PackId, bytes };
}

export function checkRefused({ status, text }: RawAnswer, statuses: readonly number[], what = ''): void {
  assert.ok(statuses.includes(status), `${what}: ${status} ${text}`);
  const { code } = JSON.parse(text) as { readonly code: string };
  assert.match(code, /^(?:invalid|corrupt|limit|not-found|denied|conflict|unavailable)$/);
}
