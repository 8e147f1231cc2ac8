import type { ChunkId, DeviceId, LaneId, ListId, SnapshotId, TreeId, WorkspaceId } from '../../protocol/ids.ts';
import type { ByteName, BytePath } from '../core/byteString.ts';
import { byteStringOfText } from '../core/byteString.ts';
import { chunkId, chunkObject } from '../core/chunk/chunkId.ts';
import type { HashContext } from '../core/formatContext.ts';
import { buildList } from '../core/list/buildList.ts';
import { DirectoryTree } from '../core/tree/directoryTree.ts';
import type { PlainObject } from '../core/segment/segmentTypes.ts';
import type { NewSnapshotHeader } from '../core/snapshot/encodeSnapshot.ts';
import type { SnapshotDetails } from '../core/snapshot/snapshotTypes.ts';
import type { TreeEntry } from '../core/tree/treeTypes.ts';

/** The frozen vectors of test/formats/v1 are made of these: they do not change. */
export const sampleHeader: NewSnapshotHeader = {
  workspace: '01'.repeat(16) as WorkspaceId,
  lane: '02'.repeat(16) as LaneId,
  n: 7,
  prev: '03'.repeat(32) as SnapshotId,
  parents: ['04'.repeat(32) as SnapshotId],
  root: '05'.repeat(24) as TreeId,
  trigger: 'manual',
  partial: false,
  device: '06'.repeat(16) as DeviceId,
  time: 1_700_000_000_123,
  rowsHash: new Uint8Array(32).fill(8),
};

export const sampleDetails: SnapshotDetails = {
  message: 'before the rewrite',
  host: 'desk',
  folder: '/home/ada/work',
  counts: { files: 3, directories: 1, symlinks: 0, bytes: 2 ** 40, filesNew: 1, filesChanged: 2, filesDeleted: 0 },
  warnings: [{ path: 'a/\u00ff' as BytePath, kind: 'unreadable' }],
  warningsTotal: 1,
  changed: [{ path: 'b' as BytePath, kind: 'modify' }],
  git: { head: 'f'.repeat(40), branch: 'main' },
};

/** Every kind of object and of entry: chunks, lists of one and two levels, trees of one and two levels. */
export function sampleObjects(context: HashContext): readonly PlainObject[] {
  const chunks = ['hello\n', 'a second chunk', 'a third'].map((text) => {
    const body = new TextEncoder().encode(text);
    return chunkObject(chunkId(body, context), body);
  });
  const ids = chunks.map(({ id }) => id as ChunkId);
  const short = buildList([...ids, ...ids, ...ids, ...ids].map((id, i) => ({ id, bytes: 6 + i })), context);
  const long = buildList(Array.from({ length: 1500 }, () => ({ id: ids[0]!, bytes: 6 })), context);
  const inner = DirectoryTree.build([fileEntry('only', ids.slice(0, 1))], context);
  const outer = DirectoryTree.build(entriesOf({ ids, list: short.list, tree: inner.root }), context);
  const wide = DirectoryTree.build(
    Array.from({ length: 300 }, (_, i) => fileEntry(String(i).padStart(4, '0'), ids.slice(0, i % 4))),
    context,
  );
  const unique = new Map<string, PlainObject>();
  const all = [chunks, short.objects, long.objects, inner.nodes(), outer.nodes(), wide.nodes()].flat();
  for (const object of all) unique.set(object.id, object);
  return [...unique.values()];
}

/** One entry of every form, in order of names. */
export function entriesOf({
  ids,
  list,
  tree,
}: {
  readonly ids: readonly ChunkId[];
  readonly list: ListId;
  readonly tree: TreeId;
}): readonly TreeEntry[] {
  const mtimeNs = 1_700_000_000_123_456_789n;
  return [
    { kind: 'file', name: name('big.bin'), mode: 0o600, mtimeNs: 0n, size: 1000, content: { kind: 'list', list } },
    { kind: 'directory', name: name('docs'), mode: 0o755, mtimeNs, tree },
    fileEntry('empty', []),
    { kind: 'symlink', name: name('link'), mode: 0o777, mtimeNs: -1n, target: '../\u00ff' },
    { ...fileEntry('three', [ids[1]!, ids[0]!, ids[1]!]), mode: undefined },
    fileEntry('zoë', ids.slice(2)),
  ];
}

export function fileEntry(text: string, chunks: readonly ChunkId[]): TreeEntry {
  const mtimeNs = 1_700_000_000_000_000_001n;
  const content = { kind: 'chunks', chunks } as const;
  return { kind: 'file', name: name(text), mode: 0o644, mtimeNs, size: 6 * chunks.length, content };
}

function name(text: string): ByteName {
  return byteStringOfText(text) as string as ByteName;
}
