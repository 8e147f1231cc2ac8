// A server core in a process of its own that commits without pause and says what was acknowledged, until it is
// killed: node committingProcess.ts DATA. Contents follow from the number of the snapshot.
import { byteStringOfText } from '../../engine/core/byteString.ts';
import type { ByteName } from '../../engine/core/byteString.ts';
import { chunkId, chunkObject } from '../../engine/core/chunk/chunkId.ts';
import type { FormatContext } from '../../engine/core/formatContext.ts';
import { encodePack } from '../../engine/core/pack/pack.ts';
import { encodeSegment } from '../../engine/core/segment/encodeSegment.ts';
import { encodeSnapshot } from '../../engine/core/snapshot/encodeSnapshot.ts';
import { encodePathRows } from '../../engine/core/snapshot/pathRows.ts';
import { encodeTreeNode } from '../../engine/core/tree/treeNode.ts';
import { systemClock } from '../../engine/platform/clock.ts';
import { silentLog } from '../../engine/platform/log.ts';
import type { LaneHead } from '../../engine/ports/repository.ts';
import { Dice } from '../../engine/testing/dice.ts';
import { testContext } from '../../engine/testing/testContext.ts';
import type { LaneId, OriginId, TreeId, WorkspaceId } from '../../protocol/ids.ts';
import { openServerCore } from '../../server/openServerCore.ts';
import { emptyDetails } from '../../engine/testing/emptyDetails.ts';

const { signal } = new AbortController();

/** Keys that follow from nothing, so that whoever looks later has them too. */
export function processContext(): FormatContext {
  return testContext('committing process');
}

/** Small ones lie in the database, large ones go into a volume at once. */
export function contentOf(n: number): Uint8Array {
  const dice = new Dice(n);
  return dice.bytes(dice.chance(0.2) ? 700_000 : 200 + dice.below(20_000));
}

async function commitUntilKilled(dataDirectory: string): Promise<void> {
  const context = { ...processContext(), random: { bytes: (length: number) => crypto.getRandomValues(new Uint8Array(length)) } };
  const core = await openServerCore({ dataDirectory, primitives: context, clock: systemClock, log: silentLog });
  const account = (await core.accounts.findByName('killed')) ?? (await core.accounts.create({ name: 'killed', passwordHash: '' }));
  const [known] = await core.accounts.devices(account.id);
  const device = known ?? (await core.accounts.createDevice({ account: account.id, name: 'device', tokenHash: context.random.bytes(32) }));
  const repository = core.accountRepository({ account: account.id, device: device.id });
  const workspace = '1'.repeat(32) as WorkspaceId;
  const lane = { id: '2'.repeat(32) as LaneId, workspace, origin: '3'.repeat(48) as OriginId };
  await repository.createWorkspace({ id: workspace, name: 'killed' }, { signal });
  await repository.createLane(lane, { signal });
  let head: LaneHead | undefined = (await repository.lanes(workspace, { signal }))[0]?.head;
  process.stdout.write('ready\n');
  for (;;) {
    const n: number = (head?.n ?? 0) + 1;
    const { root, pack } = await packOf(n, context);
    const rows = encodePathRows([]);
    const rowsHash = context.hasher.sha256(rows);
    const header = { workspace, lane: lane.id, n, prev: head?.id, parents: [], root, trigger: 'save', partial: false, device: device.id, time: n, rowsHash } as const;
    const record = encodeSnapshot(header, emptyDetails, context);
    const result = await repository.commit({ record, rows, pack, advance: undefined }, { signal });
    if (result.kind !== 'committed') throw new Error(result.kind);
    process.stdout.write(`${n} ${root} ${record.id} ${result.seq}\n`);
    head = { n, id: record.id };
    if (n % 7 === 0) void core.gather();
  }
}

async function packOf(n: number, context: FormatContext): Promise<{ readonly root: TreeId; readonly pack: Awaited<ReturnType<typeof encodePack>> }> {
  const content = contentOf(n);
  const id = chunkId(content, context);
  const name = byteStringOfText('file') as ByteName;
  const entry = { kind: 'file', name, mode: 0o644, mtimeNs: 1n, size: content.length, content: { kind: 'chunks', chunks: [id] } } as const;
  const tree = encodeTreeNode({ level: 0, entries: [entry] }, context);
  const data = await encodeSegment({ content: 'data', objects: [chunkObject(id, content)] }, context);
  const trees = await encodeSegment({ content: 'trees', objects: [tree] }, context);
  return { root: tree.id as TreeId, pack: await encodePack([data, trees], context.hasher) };
}

const [, script = '', dataDirectory] = process.argv;
if (script === import.meta.filename && dataDirectory !== undefined) await commitUntilKilled(dataDirectory);
