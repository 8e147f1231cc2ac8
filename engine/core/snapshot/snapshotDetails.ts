import { decodeUtf8, encodeUtf8 } from '../../../base/bytes.ts';
import { changedPathsMax, pathBytesMax, warningsMax } from '../../../protocol/limits.ts';
import { byteStringFrom, bytesOfByteString } from '../byteString.ts';
import type { BytePath } from '../byteString.ts';
import { decodeCanonical, encodeCanonical } from '../canonicalCbor.ts';
import { checkVersion, readArray, readBytes, readMap, readOptional, readText, readUint } from '../cborFields.ts';
import { changeKinds, warningKinds } from './snapshotTypes.ts';
import type { ChangedPath, SnapshotCounts, SnapshotDetails, SnapshotWarning } from './snapshotTypes.ts';

const version = 1;
const what = 'snapshot';
/** UTF-16 units; texts beyond are cut by the writer. */
const messageUnitsMax = 16_384;
const placeUnitsMax = 8_192;
const gitUnitsMax = 1_024;
/** Paths may be long: of what would not fit, the first are kept. */
const listBytesMax = 64 * 1024;

/** Canonical CBOR map. Lists are cut to their bounds; `warningsTotal` still counts all. */
export function encodeSnapshotDetails(details: SnapshotDetails): Uint8Array<ArrayBuffer> {
  const { counts, git } = details;
  const warnings = fitting(details.warnings, warningsMax);
  const changed = fitting(details.changed, changedPathsMax);
  return encodeCanonical({
    v: version,
    message: clipOptional(details.message, messageUnitsMax),
    host: clip(details.host, placeUnitsMax),
    folder: clip(details.folder, placeUnitsMax),
    counts: countNames.map((name) => counts[name]),
    warnings: warnings.map(({ path, kind }) => [bytesOfByteString(path), kind]),
    warningsTotal: Math.max(details.warningsTotal, details.warnings.length),
    changed: changed.map(({ path, kind }) => [bytesOfByteString(path), changeKinds[kind]]),
    git: git === undefined ? null : [clip(git.head, gitUnitsMax), clipOptional(git.branch, gitUnitsMax)],
  });
}

/** Errors: `invalid` for anything but details, also for those of a later version. */
export function decodeSnapshotDetails(bytes: Uint8Array): SnapshotDetails {
  const map = readMap(decodeCanonical(bytes, what), what, []);
  checkVersion(map.get('v'), what, version);
  return {
    message: readOptional(map.get('message'), (text) => readText(text, what, messageUnitsMax)),
    host: readText(map.get('host'), what, placeUnitsMax),
    folder: readText(map.get('folder'), what, placeUnitsMax),
    counts: readCounts(map.get('counts')),
    warnings: readArray(map.get('warnings'), what, warningsMax).flatMap(readWarning),
    warningsTotal: readUint(map.get('warningsTotal'), what),
    changed: readArray(map.get('changed'), what, changedPathsMax).flatMap(readChanged),
    git: readOptional(map.get('git'), readGit),
  };
}

/** In this order in the array; later versions may append. */
const countNames = [
  'files',
  'directories',
  'symlinks',
  'bytes',
  'filesNew',
  'filesChanged',
  'filesDeleted',
] as const satisfies readonly (keyof SnapshotCounts)[];

function readCounts(value: unknown): SnapshotCounts {
  const numbers = readArray(value, what, 32);
  const counts = Object.fromEntries(countNames.map((name, i) => [name, readUint(numbers[i], what)]));
  return counts as Record<(typeof countNames)[number], number>;
}

function fitting<T extends { readonly path: BytePath }>(items: readonly T[], countMax: number): readonly T[] {
  let bytes = 0;
  const end = items.findIndex(({ path }, index) => {
    bytes += path.length + 32;
    return index === countMax || bytes > listBytesMax;
  });
  return end < 0 ? items : items.slice(0, end);
}

/** Lone surrogates, which UTF-8 cannot hold, are replaced; also the half of a pair that the cut leaves. */
function clip(text: string, unitsMax: number): string {
  return decodeUtf8(encodeUtf8(text.slice(0, unitsMax)));
}

function clipOptional(text: string | undefined, unitsMax: number): string | null {
  return text === undefined ? null : clip(text, unitsMax);
}

/** None for a kind that a later version added. */
function readWarning(value: unknown): readonly SnapshotWarning[] {
  const [path, name] = readArray(value, what, 2);
  const text = readText(name, what, 64);
  const kind = warningKinds.find((known) => known === text);
  const parsed = readPath(path);
  return kind === undefined ? [] : [{ path: parsed, kind }];
}

function readChanged(value: unknown): readonly ChangedPath[] {
  const [path, number] = readArray(value, what, 2);
  const code = readUint(number, what, 0xff);
  const kind = (Object.keys(changeKinds) as (keyof typeof changeKinds)[]).find((known) => changeKinds[known] === code);
  const parsed = readPath(path);
  return kind === undefined ? [] : [{ path: parsed, kind }];
}

function readPath(value: unknown): BytePath {
  return byteStringFrom(readBytes(value, what, 2 * pathBytesMax));
}

function readGit(value: unknown): { readonly head: string; readonly branch: string | undefined } {
  const [head, branch] = readArray(value, what, 2);
  return {
    head: readText(head, what, gitUnitsMax),
    branch: readOptional(branch, (text) => readText(text, what, gitUnitsMax)),
  };
}
