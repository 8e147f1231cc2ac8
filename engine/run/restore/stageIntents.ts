import type { ByteName, BytePath } from '../../core/byteString.ts';
import { joinPath, parentPath } from '../../core/byteString.ts';
import { siblingOf } from '../../core/restore/journal.ts';
import type { RestoreJournal } from '../../core/restore/journal.ts';
import type { Mark } from '../../core/restore/marks.ts';
import type { TargetRules } from '../../core/restore/targetNames.ts';
import type { TreeEntry } from '../../core/tree/treeTypes.ts';
import type { Hasher } from '../../ports/primitives.ts';
import type { ObjectReader } from '../read/objectReader.ts';
import type { StagedRecord } from './restoreStore.ts';
import { markOfLocal } from './surveyDirectory.ts';
import type { TargetFolder } from './targetFolder.ts';
import { WriteQueue } from './writeQueue.ts';
import type { FailedPath } from './writeQueue.ts';
import { finishDirectories, makeLink, writeTree } from './writeTree.ts';
import type { MadeDirectory, WriteTreeOptions } from './writeTree.ts';

export interface StageParts {
  readonly journal: RestoreJournal;
  readonly reader: ObjectReader;
  readonly target: TargetFolder;
  readonly hasher: Hasher;
  readonly rules: TargetRules;
  readonly umask: number;
  readonly signal: AbortSignal;
  onFile(): void;
  onBytes(bytes: number): void;
}

/** What a put puts, and of a directory made only to hold one path, which. */
export interface StagedContent {
  readonly entry: TreeEntry;
  readonly only: BytePath | undefined;
}

/** What a directory needs at least, so that siblings can be made in it. */
const ownerAll = 0o700;

/**
 * Writes everything that is to be put beside its place, complete with mode and time, and flushes it. Nothing that is
 * there is touched, except that directories which take nothing are opened to their owner; they get their mode back.
 * A put of which nothing can be staged is left out and listed; a full disk or an unreachable server is an error.
 */
export async function stageIntents(
  contents: ReadonlyMap<number, StagedContent>,
  parts: StageParts,
): Promise<{ readonly staged: StagedRecord; readonly failed: readonly FailedPath[] }> {
  const { journal, reader, target, rules, umask, signal } = parts;
  await openDirectories(parts);
  const queue = new WriteQueue({ reader, target, durable: true, umask, signal, onFile: () => parts.onFile(), onBytes: (bytes) => parts.onBytes(bytes) });
  const made: MadeDirectory[] = [];
  for (const [n, content] of contents) {
    const { path } = journal.intents[n]!;
    const as = siblingOf(journal, n, 'tmp');
    made.push(...(await stageOne({ path, as, content }, { reader, target, queue, rules, scope: content.only ?? path, newSibling: undefined, signal })));
  }
  await queue.finish();
  await finishDirectories(made, { target, queue, signal, durable: true });
  const staged = await recordStaged(parts);
  for (const directory of new Set(journal.intents.map(({ path }) => parentPath(path)))) await target.use(directory, async (_, held) => await held.sync());
  return { staged, failed: queue.failed };
}

async function stageOne(
  { path, as, content: { entry } }: { readonly path: BytePath; readonly as: ByteName; readonly content: StagedContent },
  writing: WriteTreeOptions,
): Promise<readonly MadeDirectory[]> {
  const { target, queue } = writing;
  if (entry.kind === 'directory') return (await writeTree({ path, entry, as }, writing)).made;
  if (entry.kind === 'file') await queue.add({ directory: parentPath(path), name: as, entry, path });
  else {
    try {
      await target.at(joinPath(parentPath(path), as), async (absolute) => await makeLink(target, absolute, entry));
    } catch (error) {
      queue.fail(path, error);
    }
  }
  return [];
}

/** What each put is now; what is not there failed. */
async function recordStaged({ journal, target, hasher, signal }: StageParts): Promise<StagedRecord> {
  const marks = new Map<number, Mark>();
  const failed = new Set<number>();
  const puts = [...journal.intents.entries()].filter(([, { kind }]) => kind === 'put');
  for (const [directory, inIt] of Map.groupBy(puts, ([, { path }]) => parentPath(path))) {
    signal.throwIfAborted();
    const there = (await target.isDirectory(directory)) ? await target.list(directory, { signal }) : [];
    const byName = new Map(there.map((each) => [each.name, each]));
    for (const [n, intent] of inIt) {
      const name = (intent.kind === 'put' ? intent.from : undefined) ?? siblingOf(journal, n, 'tmp');
      const mark = await markOfLocal(joinPath(directory, name), byName.get(name), { target, hasher, signal });
      if (mark === undefined) failed.add(n);
      else marks.set(n, mark);
    }
  }
  return { failed, marks };
}

async function openDirectories({ journal, target, signal }: StageParts): Promise<void> {
  for (const intent of journal.intents.toReversed()) { // Deepest first in the list, so now from the top.
    signal.throwIfAborted();
    if (intent.kind !== 'directory') continue;
    const { mode } = intent.was;
    if (mode === undefined || (mode & ownerAll) === ownerAll || !(await target.isDirectory(intent.path))) continue;
    await target.at(intent.path, async (absolute) => await target.files.setMode(absolute, mode | ownerAll));
  }
}
