import type { CborValue } from '../canonicalCbor.ts';
import { malformed, readArray, readBytes, readMap, readUint } from '../cborFields.ts';
import { byteStringFrom, bytesOfByteString } from '../byteString.ts';
import type { ByteName } from '../byteString.ts';
import type { ChildReader, ChildWriter } from '../objectChildren.ts';
import { linkTargetBytesMax, nameBytesMax } from '../../../protocol/limits.ts';
import { checkEntryName } from './entryName.ts';
import { inlineChunksMax } from './treeTypes.ts';
import type { FileContent, TreeEntry } from './treeTypes.ts';

/** The first item of an entry. */
const forms = { chunks: 0, list: 1, directory: 2, symlink: 3 } as const;

export const modeMax = 0o7777;
/** Nanoseconds that fit 64 bits: the years 1677 to 2262. */
const mtimeNsMax = 2n ** 63n - 1n;
const mtimeNsMin = -(2n ** 63n);

/** One entry as an array; ids become positions in `children`. Errors: `invalid` for what no tree may hold. */
export function encodeEntry(entry: TreeEntry, children: ChildWriter): CborValue {
  checkEntry(entry);
  const common = [bytesOfByteString(entry.name), entry.mode ?? null, entry.mtimeNs];
  switch (entry.kind) {
    case 'directory':
      return [forms.directory, ...common, children.position(entry.tree)];
    case 'symlink':
      return [forms.symlink, ...common, bytesOfByteString(entry.target)];
    case 'file': {
      const { content, size } = entry;
      if (content.kind === 'list') return [forms.list, ...common, size, children.position(content.list)];
      return [forms.chunks, ...common, size, content.chunks.map((id) => children.position(id))];
    }
    default:
      return entry satisfies never;
  }
}

/** Errors: `invalid`. */
export function decodeEntry(item: unknown, children: ChildReader): TreeEntry {
  const parts = readArray(item, what, 7);
  const [form] = parts;
  const parsed = { name: readName(parts[1]), mode: readMode(parts[2]), mtimeNs: readMtime(parts[3]) };
  const entry = decodeRest({ form, parts, parsed }, children);
  checkEntry(entry);
  checkExtensions(parts, form === forms.chunks || form === forms.list ? 6 : 5);
  return entry;
}

const what = 'tree';

interface Undecoded {
  readonly form: unknown;
  readonly parts: readonly unknown[];
  readonly parsed: Pick<TreeEntry, 'name' | 'mode' | 'mtimeNs'>;
}

function decodeRest({ form, parts, parsed }: Undecoded, children: ChildReader): TreeEntry {
  switch (form) {
    case forms.chunks: {
      const positions = readArray(parts[5], what, inlineChunksMax);
      const content: FileContent = {
        kind: 'chunks',
        chunks: positions.map((position) => children.at(readUint(position, what))),
      };
      return { kind: 'file', ...parsed, size: readUint(parts[4], what), content };
    }
    case forms.list: {
      const content: FileContent = { kind: 'list', list: children.at(readUint(parts[5], what)) };
      return { kind: 'file', ...parsed, size: readUint(parts[4], what), content };
    }
    case forms.directory:
      return { kind: 'directory', ...parsed, tree: children.at(readUint(parts[4], what)) };
    case forms.symlink:
      return { kind: 'symlink', ...parsed, target: byteStringFrom(readBytes(parts[4], what, linkTargetBytesMax)) };
    default:
      malformed(what, 'an entry of an unknown kind');
  }
}

/** What neither writer nor reader lets pass. */
function checkEntry(entry: TreeEntry): void {
  checkEntryName(entry.name);
  if (entry.mode !== undefined && !(Number.isInteger(entry.mode) && entry.mode >= 0 && entry.mode <= modeMax)) {
    malformed(what, 'a mode that is none');
  }
  if (entry.mtimeNs < mtimeNsMin || entry.mtimeNs > mtimeNsMax) malformed(what, 'a time beyond 64 bits');
  if (entry.kind === 'file') checkFile(entry.size, entry.content);
  if (entry.kind === 'symlink' && (entry.target.length > linkTargetBytesMax || entry.target.includes('\0'))) {
    malformed(what, 'a link target that is none');
  }
}

/** A file has content exactly when it has bytes, and no more chunks than bytes. */
function checkFile(size: number, content: FileContent): void {
  const chunks = content.kind === 'list' ? inlineChunksMax + 1 : content.chunks.length;
  const fits = chunks === 0 ? size === 0 : size >= chunks;
  if (!Number.isSafeInteger(size) || !fits) malformed(what, 'a size that does not fit the content');
  if (content.kind === 'chunks' && chunks > inlineChunksMax) malformed(what, 'too many chunks without a list');
}

/** Nothing, or a non-empty map of which we know no key. */
function checkExtensions(parts: readonly unknown[], at: number): void {
  if (parts.length <= at) return;
  if (parts.length > at + 1 || readMap(parts[at], what, []).size === 0) malformed(what, 'an entry that is too long');
}

function readName(value: unknown): ByteName {
  return byteStringFrom(readBytes(value, what, nameBytesMax)) as string as ByteName;
}

function readMode(value: unknown): number | undefined {
  return value === null ? undefined : readUint(value, what, modeMax);
}

function readMtime(value: unknown): bigint {
  if (typeof value === 'bigint') return value;
  if (!Number.isSafeInteger(value)) malformed(what, 'a time that is none');
  return BigInt(value as number);
}
