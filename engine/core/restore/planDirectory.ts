import type { ByteName } from '../byteString.ts';
import { sameMode, sameTime } from '../diff/compareEntries.ts';
import { isOwnSiblingName } from '../ignore/ownNames.ts';
import type { TreeEntry } from '../tree/treeTypes.ts';
import { isWindowsReserved, nameKey } from './targetNames.ts';
import type { RefusalReason, TargetRules } from './targetNames.ts';

/** What is at a name of the target now. */
export interface LocalEntry {
  readonly name: ByteName;
  /** `unreadable`: something is there that cannot be looked at. `other`: a socket, pipe or device. */
  readonly kind: 'file' | 'directory' | 'symlink' | 'other' | 'unreadable';
  readonly mode: number | undefined;
  readonly size: number;
  readonly mtimeNs: bigint;
  /** Of a symlink. */
  readonly target: string | undefined;
}

/** One name to decide on: what the snapshot has there, and what is there now. */
export interface NamePair {
  readonly name: ByteName;
  readonly wanted: TreeEntry | undefined;
  readonly local: LocalEntry | undefined;
}

export interface Refusal {
  readonly name: ByteName;
  readonly reason: RefusalReason;
}

/**
 * What is to be done at one name.
 * - `same`: nothing. `meta`: content is right, mode or time is not. `descend`: both are directories.
 * - `create`: nothing is there. `replace`: what is there goes aside first.
 * - `delete`: it is not in the snapshot, and the caller asked for such things to go.
 * - `keep`: it is not in the snapshot and stays. `refuse`: the snapshot's entry is not restored.
 */
export type Decision =
  | { readonly kind: 'same' | 'meta' | 'descend' | 'create' | 'replace' | 'delete' | 'keep' }
  | { readonly kind: 'refuse'; readonly reason: RefusalReason };

/**
 * Brings the names of a snapshot's directory and of its target together, in order. Entries whose names the target
 * cannot hold are refused here; on a disk that ignores case, a local name in other letters is the same one.
 */
export function pairNames(
  wanted: readonly TreeEntry[],
  local: readonly LocalEntry[],
  rules: TargetRules,
): { readonly pairs: readonly NamePair[]; readonly refusals: readonly Refusal[] } {
  const refusals: Refusal[] = [];
  const localByKey = new Map(local.map((each) => [nameKey(each.name, rules), each]));
  const taken = new Map<string, ByteName>();
  const pairs: NamePair[] = [];
  for (const entry of wanted) {
    const key = nameKey(entry.name, rules);
    const reason = refusalOf(entry, rules) ?? (taken.has(key) ? 'case-clash' : undefined);
    if (reason === undefined) {
      pairs.push({ name: entry.name, wanted: entry, local: localByKey.get(key) });
      taken.set(key, entry.name);
    } else {
      refusals.push({ name: entry.name, reason });
      taken.set(key, taken.get(key) ?? entry.name); // What is there by that name is not deleted either.
    }
  }
  for (const each of local) {
    if (!taken.has(nameKey(each.name, rules))) pairs.push({ name: each.name, wanted: undefined, local: each });
  }
  pairs.sort((a, b) => (a.name < b.name ? -1 : 1));
  return { pairs, refusals };
}

/** Why this entry can never be restored to such a target, whatever is there. */
export function refusalOf({ name }: Pick<TreeEntry, 'name'>, { windows }: TargetRules): RefusalReason | undefined {
  if (isOwnSiblingName(name)) return 'own-name';
  return windows && isWindowsReserved(name) ? 'windows-name' : undefined;
}

/** Whether deciding on a pair needs to know if the file's content is the stored one. */
export function needsContent({ wanted, local }: NamePair): boolean {
  return wanted?.kind === 'file' && local?.kind === 'file' && wanted.size === local.size;
}

export interface DecideOptions {
  /** Only asked for when `needsContent` said so. */
  readonly sameContent: boolean;
  /** `keep`: what is there stays, whatever the snapshot says. */
  readonly existing: 'replace' | 'keep';
  /** Whether what the snapshot does not have is to go. */
  readonly deleteOthers: boolean;
}

export function decide({ wanted, local }: NamePair, options: DecideOptions): Decision {
  if (wanted === undefined) return { kind: local !== undefined && deletable(local) && options.deleteOthers ? 'delete' : 'keep' };
  if (local === undefined) return { kind: 'create' };
  if (local.kind === 'unreadable') return { kind: 'refuse', reason: 'unreadable' };
  if (local.kind === 'other') return { kind: 'refuse', reason: 'in-the-way' };
  if (wanted.kind === 'directory' && local.kind === 'directory') return { kind: 'descend' };
  if (sameThing(wanted, local, options)) return { kind: sameMeta(wanted, local) ? 'same' : 'meta' };
  return options.existing === 'replace' ? { kind: 'replace' } : { kind: 'refuse', reason: 'exists' };
}

/** Whether mode and time are the stored ones. Of a link, only the time is its own. */
export function sameMeta(wanted: TreeEntry, local: Pick<LocalEntry, 'mode' | 'mtimeNs'>): boolean {
  return (wanted.kind === 'symlink' || sameMode(wanted.mode, local.mode)) && sameTime(wanted.mtimeNs, local.mtimeNs);
}

function sameThing(wanted: TreeEntry, local: LocalEntry, { sameContent }: DecideOptions): boolean {
  if (wanted.kind === 'file') return local.kind === 'file' && wanted.size === local.size && sameContent;
  return wanted.kind === 'symlink' && local.kind === 'symlink' && wanted.target === local.target;
}

function deletable({ kind, name }: LocalEntry): boolean {
  return kind !== 'other' && kind !== 'unreadable' && !isOwnSiblingName(name);
}
