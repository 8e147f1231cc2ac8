import assert from 'node:assert/strict';
import type { PathId } from '../../../protocol/ids.ts';
import type { ChangeKind, PathRow } from '../../core/snapshot/snapshotTypes.ts';
import type { RepositoryCases } from '../repositorySuite.ts';
import type { SuiteLane, SuiteWorld } from './suiteWorld.ts';

/** Commits the same root again and again, each time with other rows; answers the snapshot ids, oldest first. */
async function commitRows(world: SuiteWorld, lane: SuiteLane, ...rows: readonly (readonly PathRow[])[]): Promise<readonly string[]> {
  const root = world.tree({});
  await lane.by.repository.putPack(await world.pack(root), world);
  const ids: string[] = [];
  for (const some of rows) ids.push((await world.commitWell(lane, { root: root.id, rows: some })).request.record.id);
  return ids;
}

export const queryCases: RepositoryCases = {
  'pages through the snapshots of all lanes of a workspace, newest first': async (world) => {
    const lane = await world.lane(world.laptop);
    const other = await world.lane(world.desktop, lane.workspace);
    const elsewhere = await world.lane(world.laptop, await world.workspace(world.laptop, 'elsewhere'));
    const ids: string[] = [];
    for (const [at, rows] of [[lane, 2], [other, 1], [elsewhere, 1], [lane, 2]] as const) {
      const made = await commitRows(world, at, ...Array.from({ length: rows }, () => []));
      if (at !== elsewhere) ids.unshift(...made.toReversed());
    }
    const seen: string[] = [];
    for (let before: number | undefined; ; ) {
      const page = await world.laptop.repository.snapshots({ workspace: lane.workspace, before, limit: 2 }, world);
      if (page.length === 0) break;
      assert.ok(page.length <= 2);
      for (const { record, seq, workspace } of page) {
        assert.ok(before === undefined || seq < before, 'seq falls');
        assert.equal(workspace, lane.workspace);
        seen.push(record.id);
        before = seq;
      }
    }
    assert.deepEqual(seen, ids);
  },

  'gives a snapshot back as it was sent, with who sent it': async (world) => {
    const lane = await world.lane(world.desktop);
    const root = world.tree({});
    const { request, seq, receivedAt } = await world.commitWell(lane, { root: root.id, pack: await world.pack(root) });
    const [stored] = await world.laptop.repository.snapshots({ workspace: lane.workspace, before: undefined, limit: 5 }, world);
    assert.ok(stored);
    assert.deepEqual([stored.seq, stored.receivedAt, stored.deviceName], [seq, receivedAt, world.desktop.deviceName]);
    const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('hex');
    const { record } = stored;
    assert.deepEqual(
      [record.id, hex(record.header), hex(record.sealed), hex(record.sealedHash)],
      [request.record.id, hex(request.record.header), hex(request.record.sealed), hex(request.record.sealedHash)],
    );
  },

  'finds a snapshot by a prefix of its id and shows when the prefix is ambiguous': async (world) => {
    const lane = await world.lane(world.laptop);
    const ids = await commitRows(world, lane, ...Array.from({ length: 20 }, () => []));
    const find = async (prefix: string): Promise<readonly string[]> =>
      (await world.desktop.repository.findSnapshots({ prefix }, world)).map(({ record }) => record.id);
    const [id = ''] = ids;
    assert.deepEqual(await find(id), [id]);
    assert.deepEqual(await find(id.slice(0, 13)), [id]);
    assert.deepEqual(await find(`${id.slice(0, 63)}${id.endsWith('0') ? '1' : '0'}`), []);
    const firstDigit = ids.map((one) => one[0]).find((digit, i, all) => all.indexOf(digit) !== i) ?? '';
    assert.equal((await find(firstDigit)).length, 2);
  },

  'answers the history of a path: its own rows and what happened to or below its directories': async (world) => {
    const lane = await world.lane(world.laptop);
    const [path, directory, sibling, oldDirectory] = [1, 2, 3, 4].map(() => world.randomId<PathId>(24)) as [PathId, PathId, PathId, PathId];
    const row = (at: PathId, kind: ChangeKind, from?: PathId): PathRow => ({ path: at, kind, from });
    const ids = await commitRows(
      world,
      lane,
      [row(path, 'add'), row(sibling, 'add')],
      [row(sibling, 'modify')],
      [row(directory, 'below')],
      [row(directory, 'meta')],
      [row(directory, 'moved-from', oldDirectory)],
      [row(path, 'delete')],
    );
    const history = async (before?: number, limit = 100): Promise<readonly { kind: string; from: string | undefined; seq: number; snapshot: string }[]> =>
      world.desktop.repository.history({ workspace: lane.workspace, path, ancestors: [directory], before, limit }, world);
    const all = await history();
    assert.deepEqual(
      all.map(({ kind, from, snapshot }) => [kind, from, snapshot]),
      [
        ['delete', undefined, ids[5]],
        ['moved-from', oldDirectory, ids[4]],
        ['below', undefined, ids[2]],
        ['add', undefined, ids[0]],
      ],
    );
    assert.deepEqual(await history(undefined, 2), all.slice(0, 2));
    assert.deepEqual(await history(all[1]!.seq), all.slice(2));
    const alone = await world.laptop.repository.history(
      { workspace: lane.workspace, path: sibling, ancestors: [], before: undefined, limit: 9 },
      world,
    );
    assert.deepEqual(alone.map(({ kind }) => kind), ['modify', 'add']);
  },
};
