import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { it } from 'node:test';
import { toHex } from '../../base/bytes.ts';
import type { ChunkId, DeviceId, LaneId, WorkspaceId } from '../../protocol/ids.ts';
import type { ByteName } from '../../engine/core/byteString.ts';
import { byteStringOfText, rootPath } from '../../engine/core/byteString.ts';
import { chunkId, chunkObject } from '../../engine/core/chunk/chunkId.ts';
import type { FormatContext } from '../../engine/core/formatContext.ts';
import { deriveKeys } from '../../engine/core/keys/deriveKeys.ts';
import { encodeKeyRing, keyRingFingerprint } from '../../engine/core/keys/keyRing.ts';
import { encodePack } from '../../engine/core/pack/pack.ts';
import { originId, pathId } from '../../engine/core/paths/pathId.ts';
import { encodeSegment } from '../../engine/core/segment/encodeSegment.ts';
import { encodeSnapshot } from '../../engine/core/snapshot/encodeSnapshot.ts';
import { encodePathRows } from '../../engine/core/snapshot/pathRows.ts';
import { encodeSnapshotDetails } from '../../engine/core/snapshot/snapshotDetails.ts';
import type { SnapshotDetails } from '../../engine/core/snapshot/snapshotTypes.ts';
import { DirectoryTree } from '../../engine/core/tree/directoryTree.ts';
import type { TreeEntry } from '../../engine/core/tree/treeTypes.ts';
import { createPrimitives } from '../../engine/platform/primitives.ts';

const document = new URL('../../docs/format.md', import.meta.url);
const [before, after] = ['with UPDATE=1 -->\n```\n', '\n```\n<!-- end of example -->'];

it('docs/format.md works through an example that is true', async () => {
  const text = await readFile(document, 'utf8');
  const [from, to] = [text.indexOf(before) + before.length, text.indexOf(after)];
  assert.ok(from > before.length && to >= from - 1, 'the example is between its marks');
  const made = await example();
  if (process.env['UPDATE'] === '1') await writeFile(document, text.slice(0, from) + made + text.slice(to));
  else assert.equal(text.slice(from, to), made);
});

const ring = { idMaster: { epoch: 1, key: counting(0) }, sealMasters: [{ epoch: 1, key: counting(0x20) }] };
const workspace = '01'.repeat(16) as WorkspaceId;
const details: SnapshotDetails = {
  message: 'first',
  host: 'desk',
  folder: '/home/ada/work',
  counts: { files: 1, directories: 0, symlinks: 0, bytes: 6, filesNew: 1, filesChanged: 0, filesDeleted: 0 },
  warnings: [],
  warningsTotal: 0,
  changed: [{ path: byteStringOfText('hello.txt'), kind: 'add' }],
  git: undefined,
};

async function example(): Promise<string> {
  const context = exampleContext();
  const { keys, hasher } = context;
  const content = new TextEncoder().encode('hello\n');
  const chunk = chunkObject(chunkId(content, context), content);
  const tree = DirectoryTree.build([fileEntry(chunk.id as ChunkId)], context);
  const [node] = tree.nodes();
  const data = await encodeSegment({ content: 'data', objects: [chunk] }, context);
  const trees = await encodeSegment({ content: 'trees', objects: tree.nodes() }, context);
  const pack = await encodePack([data, trees], hasher);
  const rows = encodePathRows([{ path: pathId(workspace, rootPath, context), kind: 'below', from: undefined }]);
  const record = encodeSnapshot({ ...header, root: tree.root, rowsHash: hasher.sha256(rows) }, details, context);
  return lines({
    'key ring': encodeKeyRing(ring),
    'its fingerprint': keyRingFingerprint(ring, hasher),
    'id key': keys.id,
    'split key': keys.split,
    'path key': keys.path,
    'seal key': keys.seal(1),
    'snapshot key': keys.snapshot(1),
    'gear[0], gear[255]': [keys.gear[0]!, keys.gear[255]!].map((n) => n.toString(16).padStart(8, '0')).join(' '),
    'path id of hello.txt': pathId(workspace, byteStringOfText('hello.txt'), context),
    'path id of the root': pathId(workspace, rootPath, context),
    'origin id': originId('host-1', '/home/ada/work', context),
    'chunk id': chunk.id,
    'tree body': node!.body,
    'tree children': node!.children.join(''),
    'tree id': tree.root,
    'segment 0': data,
    'segment 1': trees,
    'pack': pack.bytes,
    'pack id': pack.id,
    'path rows': rows,
    'snapshot header': record.header,
    'snapshot details': encodeSnapshotDetails(details),
    'sealed part': record.sealed!,
    'its SHA-256': record.sealedHash,
    'snapshot id': record.id,
  });
}

const header = {
  workspace,
  lane: '02'.repeat(16) as LaneId,
  n: 1,
  prev: undefined,
  parents: [],
  trigger: 'manual',
  partial: false,
  device: '03'.repeat(16) as DeviceId,
  time: 1_700_000_000_000,
} as const;

/** Salts count up from 40; nothing is compressed, as compressors may change their output. */
function exampleContext(): FormatContext {
  const primitives = createPrimitives();
  let salt = 0x40;
  return {
    ...primitives,
    compressor: { ...primitives.compressor, preferred: 'stored' },
    random: { bytes: (length) => new Uint8Array(length).fill(salt++) },
    keys: deriveKeys(ring, primitives.hasher),
  };
}

function fileEntry(id: ChunkId): TreeEntry {
  const content = { kind: 'chunks', chunks: [id] } as const;
  const mtimeNs = 1_700_000_000_123_456_789n;
  return { kind: 'file', name: 'hello.txt' as ByteName, mode: 0o644, mtimeNs, size: 6, content };
}

function lines(values: Readonly<Record<string, Uint8Array | string>>): string {
  const each = Object.entries(values).map(([name, value]) => {
    const text = typeof value === 'string' ? value : toHex(value);
    const [first, ...rest] = text.match(/.{1,80}/g) ?? [''];
    return [`${name.padEnd(22)}${first}`, ...rest.map((line) => ' '.repeat(22) + line)].join('\n');
  });
  return each.join('\n');
}

function counting(from: number): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, i) => from + i);
}
