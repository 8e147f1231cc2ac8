import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ByteName } from '../../core/byteString.ts';
import { nodeFiles } from '../../platform/nodeFiles.ts';
import type { Files, FileStat, ListedName } from '../../ports/files.ts';
import { FolderWorld } from '../../testing/folderWorld.ts';

/** What one save costs. */
interface Cost {
  readonly calls: Readonly<Record<string, number>>;
  readonly bytesSent: number;
  readonly bytesStored: number;
}

const stat: FileStat = { kind: 'file', mode: 0o644, size: 0, mtimeNs: 1_000_000n, ctimeNs: 1_000_000n, inode: 1n, device: 1n, links: 1 };

/** The disk, with `count` empty files in `big` that are not really there. */
function crowded(count: number): Files {
  const isExtra = (path: string): boolean => /\/big\/extra\d+$/.test(path);
  return {
    ...nodeFiles,
    async listWithStats(path, options) {
      const listed = await nodeFiles.listWithStats(path, options);
      if (!path.endsWith('/big')) return listed;
      const extra = Array.from({ length: count }, (_, i): ListedName => ({ name: `extra${i}` as ByteName, stat, marked: false, target: undefined }));
      return [...listed, ...extra];
    },
    readWhole: async (path, bytesMax) => (isExtra(path) ? { before: stat, after: stat, bytes: new Uint8Array(0) } : await nodeFiles.readWhole(path, bytesMax)),
  };
}

/** Counts the calls of an object under a name. */
function counted<T extends object>(inner: T, name: string, calls: Record<string, number>): T {
  return new Proxy(inner, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key);
      if (typeof value !== 'function' || key === 'join') return value;
      return (...given: unknown[]) => {
        calls[`${name}.${String(key)}`] = (calls[`${name}.${String(key)}`] ?? 0) + 1;
        return value.apply(target, given) as unknown;
      };
    },
  });
}

async function costOfSave(t: { after(run: () => Promise<void>): void }, files: number): Promise<Cost> {
  const world = await FolderWorld.create(t);
  await world.folder.write('big/real', '1');
  await world.folder.write('other/b', '1');
  const calls: Record<string, number> = {};
  const disk = counted(crowded(files), 'disk', calls);
  const engine = await world.engine({ files: disk, state: counted(world.state, 'state', calls), outbox: counted(world.outbox, 'outbox', calls) });
  await world.push(engine);
  await world.folder.write('big/real', '2');
  await world.save(engine, 'big/real');
  await world.folder.write('big/real', '3');
  for (const name of Object.keys(calls)) delete calls[name];
  world.network.reset();
  const before = bytesIn(world);
  const report = await world.save(engine, 'big/real');
  assert.equal(report.outcome, 'acknowledged');
  const requests = Object.fromEntries(Array.from(world.network.calls, ([name, count]) => [`server.${name}`, count]));
  return { calls: { ...calls, ...requests }, bytesSent: world.network.bytesSent, bytesStored: bytesIn(world) - before };
}

function bytesIn(world: FolderWorld): number {
  return [...world.state.files.values(), ...world.outbox.files.values()].reduce((sum, { length }) => sum + length, 0);
}

test('a save costs the same calls and requests in a folder of 1,000 and of 100,000 files, and few bytes', async (t) => {
  const [small, large] = [await costOfSave(t, 1_000), await costOfSave(t, 100_000)];
  assert.deepEqual(large.calls, small.calls);
  assert.equal(small.calls['server.commit'], 1);
  assert.deepEqual(Object.keys(small.calls).filter((name) => name.startsWith('server.')).toSorted(), ['server.commit', 'server.instance']);
  for (const { bytesSent, bytesStored } of [small, large]) {
    assert.ok(bytesSent < 16_000, `${bytesSent} bytes were sent`);
    assert.ok(bytesStored < 32_000, `${bytesStored} bytes were stored`);
  }
});
