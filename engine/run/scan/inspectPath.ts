import { systemCodeOf } from '../../../base/errors.ts';
import { type BytePath, joinPath, nameOfPath, namesOfPath, parentPath, rootPath } from '../../core/byteString.ts';
import { type Decision, keptByNothing } from '../../core/ignore/decision.ts';
import type { FileStat } from '../../ports/files.ts';
import { candidateKind, entryFault, isGoneCode, warningOf } from './listDirectory.ts';
import type { InspectedPath, ScanContext } from './scanTypes.ts';

/**
 * Looks at one path (not the root) without listing anything: the cost of a changed file does not depend on how many
 * lie beside it.
 */
export async function inspectPath(context: ScanContext, path: BytePath, { signal }: { readonly signal: AbortSignal }): Promise<InspectedPath> {
  signal.throwIfAborted();
  const above = await context.rules.rulesFor(parentPath(path));
  const included = context.rules.isIncluded(path);
  if (above.kind === 'gone') return above;
  if (above.kind === 'left-out' && !included) return above;
  const absolute = context.files.join(context.root, ...namesOfPath(path));
  try {
    const stat = await context.files.lstat(absolute);
    if (!included && above.kind === 'rules') {
      const decision = above.rules.decide(await candidateOf(context, { path, stat }));
      if (!decision.kept && decision.rule.kind === 'size') return { kind: 'unreadable', warning: { path, kind: 'too-large' } };
      if (!decision.kept) return { kind: 'left-out', at: path, decision };
    }
    const target = stat.kind === 'symlink' ? await context.files.readLink(absolute) : undefined;
    const fault = entryFault(stat, { path, target });
    if (fault !== undefined) return { kind: 'unreadable', warning: { path, kind: fault } };
    return { kind: 'kept', entry: { name: nameOfPath(path), stat, target } };
  } catch (error) {
    const code = systemCodeOf(error);
    return isGoneCode(code) ? { kind: 'gone' } : { kind: 'unreadable', warning: warningOf(path, code) };
  }
}

/** Says of a path whether it is backed up, which rule decides, and of which path that rule speaks. */
export async function explainPath(
  context: ScanContext,
  path: BytePath,
  { signal }: { readonly signal: AbortSignal },
): Promise<{ readonly at: BytePath; readonly decision: Decision; readonly exists: boolean }> {
  signal.throwIfAborted();
  if (path === rootPath) return { at: path, decision: keptByNothing, exists: true };
  let directory = rootPath;
  for (const name of namesOfPath(parentPath(path))) {
    const at = joinPath(directory, name);
    const rules = await context.rules.rulesFor(at);
    if (rules.kind === 'left-out') return { at: rules.at, decision: rules.decision, exists: true };
    directory = at;
  }
  const above = await context.rules.rulesFor(directory);
  const stat = await statOf(context, path);
  // Of a path that does not exist (yet) is said what would hold for a file.
  if (above.kind !== 'rules') return { at: path, decision: keptByNothing, exists: false };
  const decision = above.rules.explain(await candidateOf(context, { path, stat }));
  return { at: path, decision, exists: stat !== undefined };
}

async function candidateOf(context: ScanContext, { path, stat }: { readonly path: BytePath; readonly stat: FileStat | undefined }) {
  const kind = stat === undefined ? ('file' as const) : candidateKind(stat);
  const surroundings = kind === 'directory' ? await context.rules.surroundings(path) : { besidePackage: false, holdsEnvironment: false };
  return { name: nameOfPath(path), kind, size: stat?.size ?? 0, ...surroundings };
}

async function statOf(context: ScanContext, path: BytePath): Promise<FileStat | undefined> {
  try {
    return await context.files.lstat(context.files.join(context.root, ...namesOfPath(path)));
  } catch {
    return undefined; // Not there, or not to be seen: the rules are explained all the same.
  }
}
