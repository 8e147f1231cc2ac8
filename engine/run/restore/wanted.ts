import type { TreeId } from '../../../protocol/ids.ts';
import type { BytePath } from '../../core/byteString.ts';
import { isWithin, joinPath, namesOfPath } from '../../core/byteString.ts';
import { pairNames } from '../../core/restore/planDirectory.ts';
import type { RefusalReason, TargetRules } from '../../core/restore/targetNames.ts';
import type { TreeEntry } from '../../core/tree/treeTypes.ts';
import type { ObjectReader } from '../read/objectReader.ts';

export interface WantedEntry {
  readonly path: BytePath;
  readonly entry: TreeEntry;
  /** Set: it cannot be restored to such a target, and nothing beneath it. */
  readonly refused: RefusalReason | undefined;
}

/** The entries of a stored directory: all of them under `scope`, above it only the one that leads there. */
export async function wantedIn(
  reader: ObjectReader,
  { directory, tree, scope }: { readonly directory: BytePath; readonly tree: TreeId; readonly scope: BytePath },
): Promise<readonly TreeEntry[]> {
  if (isWithin(directory, scope)) return await reader.readDirectory(tree);
  const name = namesOfPath(scope)[namesOfPath(directory).length];
  const entry = name === undefined ? undefined : await reader.entry(tree, name);
  return entry === undefined ? [] : [entry];
}

/** An entry and everything beneath, parents first. Depth costs memory, no stack. */
export async function* walkWanted(
  reader: ObjectReader,
  start: { readonly path: BytePath; readonly entry: TreeEntry; readonly scope: BytePath; readonly rules: TargetRules },
): AsyncGenerator<WantedEntry, void> {
  const { scope, rules } = start;
  yield { path: start.path, entry: start.entry, refused: undefined };
  const left = [start];
  for (let at = left.pop(); at !== undefined; at = left.pop()) {
    if (at.entry.kind !== 'directory') continue;
    const entries = await wantedIn(reader, { directory: at.path, tree: at.entry.tree, scope });
    const refused = new Map(pairNames(entries, [], rules).refusals.map(({ name, reason }) => [name, reason]));
    const below: (typeof left)[number][] = [];
    for (const entry of entries) {
      const path = joinPath(at.path, entry.name);
      const reason = refused.get(entry.name);
      yield { path, entry, refused: reason };
      if (reason === undefined && entry.kind === 'directory') below.push({ path, entry, scope, rules });
    }
    left.push(...below.reverse());
  }
}
