import { displayName, isWithin, type BytePath } from '../../engine/core/byteString.ts';
import type { DifferenceKind } from '../../engine/core/diff/compareEntries.ts';
import { diffTrees } from '../../engine/core/diff/diffTrees.ts';
import type { SnapshotWarning } from '../../engine/core/snapshot/snapshotTypes.ts';
import type { TreeEntry } from '../../engine/core/tree/treeTypes.ts';
import { diffFolder } from '../../engine/run/diff/diffFolder.ts';
import { FolderRules } from '../../engine/run/scan/folderRules.ts';
import type { ListedEntry } from '../../engine/run/scan/scanTypes.ts';
import type { Call, Command, JsonDocument, Outcome } from '../command.ts';
import { entryDocument, pathFields } from '../output/entries.ts';
import { shortId } from '../output/ids.ts';
import { warningLines } from '../output/pushes.ts';
import { formatCount } from '../output/units.ts';
import { readRules } from '../session/settings.ts';
import { withServer, type Server } from '../session/server.ts';
import { openSnapshot, type OpenedSnapshot } from '../workspace/openSnapshot.ts';
import { followedPath } from '../workspace/physicalPath.ts';
import { requirePlace, resolveWorkspace } from '../workspace/resolveWorkspace.ts';

export const diff: Command = {
  name: 'diff',
  summary: 'Says what differs between two snapshots, or a snapshot and the folder',
  operands: [
    { name: 'SNAPSHOT[:PATH]', required: true, help: 'The older side; with a path, only what is there' },
    { name: 'SNAPSHOT', required: false, help: 'The newer side (default: the folder as it is)' },
  ],
  flags: {},
  notes: ['add, modify, delete and type say what they say; meta: only mode or time differ.'],
  run: async (call) => await withServer(call, async (server) => await runDiff(call, server)),
};

interface Change {
  readonly path: BytePath;
  readonly kind: DifferenceKind;
  readonly before: JsonDocument | null;
  readonly after: JsonDocument | null;
}

interface Comparison {
  readonly to: string | undefined;
  readonly changes: AsyncIterable<Change>;
  readonly warnings: SnapshotWarning[];
}

async function runDiff(call: Call, server: Server): Promise<Outcome> {
  const from = await openSnapshot(server, { call, typed: call.arguments.operand(0)! });
  const other = call.arguments.operand(1);
  const { to, changes, warnings } = other === undefined ? await withFolderAsItIs(from, { call, server }) : await withSnapshot(from, { call, server, other });
  const found: Change[] = [];
  for await (const change of changes) if (isWithin(change.path, from.name.path)) found.push(change);
  const newer = to === undefined ? 'the folder' : shortId(to);
  return {
    document: {
      from: from.snapshot.id,
      to: to ?? null,
      changes: found.map(({ path, kind, before, after }) => ({ ...pathFields(path), kind, before, after })),
      warnings: warnings.map(({ path, kind }) => ({ ...pathFields(path), kind })),
    },
    text: [
      ...found.map(({ path, kind }) => `${kind.padEnd(6)}  ${displayName(path)}`),
      found.length === 0 ? `Nothing differs between ${shortId(from.snapshot.id)} and ${newer}.` : `${formatCount(found.length, 'difference')}.`,
      ...warningLines({ warnings, warningsTotal: warnings.length }),
    ].join('\n'),
    warnings: warnings.length,
  };
}

interface Sides {
  readonly call: Call;
  readonly server: Server;
}

async function withSnapshot({ snapshot, reader }: OpenedSnapshot, { call, server, other }: Sides & { readonly other: string }): Promise<Comparison> {
  const { snapshot: newer } = await openSnapshot(server, { call, typed: other });
  return { to: newer.id, warnings: [], changes: changes() };

  async function* changes(): AsyncGenerator<Change, void> {
    const pair = { before: snapshot.header.root, after: newer.header.root };
    for await (const { path, kind, before, after } of diffTrees(reader, pair)) {
      yield { path, kind, before: storedDocument(path, before), after: storedDocument(path, after) };
    }
  }
}

async function withFolderAsItIs({ snapshot, reader, context }: OpenedSnapshot, { call, server }: Sides): Promise<Comparison> {
  const { files } = call.surroundings;
  const { folder: root } = requirePlace(await resolveWorkspace(server, { call, physical: await followedPath('.') }));
  const options = await readRules(call);
  const warnings: SnapshotWarning[] = [];
  const scan = { files, root, rules: new FolderRules({ files, root, options }) };
  const onWarning = (warning: SnapshotWarning): void => void warnings.push(warning);
  return { to: undefined, warnings, changes: changes() };

  async function* changes(): AsyncGenerator<Change, void> {
    const parts = { reader, context, root: snapshot.header.root, scan, signal: call.signal, onWarning };
    for await (const { path, kind, before, after } of diffFolder(parts)) {
      yield { path, kind, before: storedDocument(path, before), after: listedDocument(path, after) };
    }
  }
}

function storedDocument(path: BytePath, entry: TreeEntry | undefined): JsonDocument | null {
  return entry === undefined ? null : entryDocument(path, entry);
}

function listedDocument(path: BytePath, entry: ListedEntry | undefined): JsonDocument | null {
  if (entry === undefined) return null;
  const { kind, mode, mtimeNs, size } = entry.stat;
  return {
    ...pathFields(path),
    kind,
    mode: mode ?? null,
    mtimeNs: String(mtimeNs),
    ...(kind === 'file' ? { size } : {}),
    ...(entry.target === undefined ? {} : { target: displayName(entry.target) }),
  };
}
