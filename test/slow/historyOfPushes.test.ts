import assert from 'node:assert/strict';
import * as fs from 'node:fs/promises';
import { dirname } from 'node:path';
import test from 'node:test';
import { Dice } from '../../engine/testing/dice.ts';
import { FolderWorld } from '../../engine/testing/folderWorld.ts';
import { collect, path } from '../../engine/testing/testWorkspace.ts';
import { pathId } from '../../engine/core/paths/pathId.ts';
import { displayName } from '../../engine/core/byteString.ts';
import type { BytePath } from '../../engine/core/byteString.ts';
import { ObjectReader } from '../../engine/run/read/objectReader.ts';
import { listSnapshots } from '../../engine/run/read/snapshots.ts';
import { historyOfPath, settle } from '../../engine/run/history/historyOfPath.ts';
import type { HistoryEntry, HistoryParts } from '../../engine/run/history/historyOfPath.ts';
import { SnapshotChain } from '../../engine/run/history/snapshotChain.ts';

/** More files than a snapshot has rows. */
const bigPush = 2_300;
const edits = 40;

await test('the history of what a folder engine pushes equals brute force, big pushes and moves included', { timeout: 300_000 }, async (t) => {
  const seed = 20_251_120;
  const dice = new Dice(seed);
  const world = await FolderWorld.create(t);
  const engine = await world.engine();
  const names = new Set<string>();
  const write = async (name: string, text: string): Promise<void> => {
    names.add(name);
    await world.folder.write(name, text);
  };
  for (let i = 0; i < 12; i++) await write(`d${i % 3}/f${i}`, `first ${i}`);
  await world.push(engine);
  for (let edit = 0; edit < edits; edit++) {
    const files = (await fs.readdir(world.folder.text, { recursive: true, withFileTypes: true })).filter((each) => each.isFile() && !each.name.startsWith('big'));
    const one = (): string => {
      const picked = files[dice.below(files.length)]!;
      return `${picked.parentPath.slice(world.folder.text.length + 1)}/${picked.name}`;
    };
    const kind = dice.below(10);
    if (kind < 4) await write(one(), `edited ${edit}`);
    else if (kind < 5) await fs.rm(world.folder.at(one()));
    else if (kind < 7) await move(world, names, { from: one(), to: `d${dice.below(3)}/moved${edit}` });
    else if (kind < 8) await write(`d${dice.below(3)}/new${edit}`, `new ${edit}`);
    else if (kind < 9) await move(world, names, { from: `d${dice.below(3)}`, to: `d${dice.below(3)}/sub${edit}` });
    else for (let i = 0; i < bigPush; i++) await world.folder.write(`big/${i % 40}/big${i}`, `big ${edit} ${i}`);
    if (dice.below(3) > 0) await world.push(engine);
  }
  await world.push(engine);
  const { repository } = world.network;
  const scope = { repository, workspace: engine.workspace!, signal: world.signal };
  const parts: HistoryParts = { scope, reader: new ObjectReader({ repository, context: world.context, signal: world.signal }), context: world.context };
  names.add('big/3/big43').add('big').add('d1').add('never');
  let moved = 0;
  for (const name of names) {
    const found = (await collect(historyOfPath(path(name), parts))).map(textOf);
    moved += found.filter((text) => text.includes(' < ')).length;
    // A writer knows moves by inode that content alone does not show: those are taken from it.
    assert.deepEqual(found, await bruteForce(name, parts), `${name} (seed ${seed})`);
  }
  assert.ok(moved > 5, `${moved} moves`);
});

async function move(world: FolderWorld, names: Set<string>, { from, to }: { readonly from: string; readonly to: string }): Promise<void> {
  if (to.startsWith(`${from}/`)) return;
  await fs.mkdir(dirname(world.folder.at(to)), { recursive: true });
  try {
    await fs.rename(world.folder.at(from), world.folder.at(to));
  } catch {
    return; // Nothing there to be moved any more.
  }
  names.add(to);
  const moved = Array.from(names).filter((name) => name.startsWith(`${from}/`));
  for (const name of moved) names.add(`${to}${name.slice(from.length)}`);
}

async function bruteForce(name: string, parts: HistoryParts): Promise<readonly string[]> {
  const found: string[] = [];
  const chain = new SnapshotChain(parts.scope);
  let at: BytePath = path(name);
  for await (const { id, seq } of listSnapshots(parts.scope)) {
    const all = await rowsOf(seq, at, parts);
    const below = { path: pathId(parts.scope.workspace, path(''), parts.context), kind: 'below', from: undefined, seq, snapshot: id } as const;
    const entry = await settle({ path: at, rows: { snapshot: id, seq, rows: all.length > 0 ? all : [below] }, chain }, parts);
    if (entry === undefined) continue;
    found.push(textOf(entry));
    at = entry.from ?? at;
  }
  return found;
}

async function rowsOf(seq: number, at: BytePath, { scope, context }: HistoryParts) {
  const ids = at.split('/').map((_, i, parts) => pathId(scope.workspace, parts.slice(0, i).join('/') as BytePath, context));
  const rows = await scope.repository.history({ workspace: scope.workspace, path: pathId(scope.workspace, at, context), ancestors: ids, before: seq + 1, limit: 50 }, scope);
  return rows.filter((row) => row.seq === seq);
}

function textOf({ snapshot, path: at, kind, from }: HistoryEntry): string {
  return `${snapshot.seq} ${kind} ${displayName(at)}${from === undefined ? '' : ` < ${displayName(from)}`}`;
}
