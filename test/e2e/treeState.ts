import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { mapBounded } from '../../base/concurrency.ts';

const readsAtOnce = 16;
const smallBytesMax = 1024n * 1024n;

/** One entry of a folder as a backup must bring it back. */
export interface EntryState {
  readonly kind: 'file' | 'directory' | 'symlink' | 'other';
  readonly mode: number;
  readonly mtimeNs: bigint;
  /** SHA-256 of a file's content, or a link's target in hex. */
  readonly content: string;
}

export interface TreeStateOptions {
  /** Paths (as in the answer) that are left out, with everything beneath. */
  readonly leaveOut?: (path: string) => boolean;
}

/** Everything under `folder`; keys are paths of which every UTF-16 unit is a byte. The folder itself is left out. */
export async function readTreeState(folder: string, { leaveOut = () => false }: TreeStateOptions = {}): Promise<Map<string, EntryState>> {
  const found = new Map<string, EntryState>();
  const pending = [''];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    const names = await readdir(bytesOf(folder, at), { encoding: 'buffer' });
    const paths = names.map((name) => (at === '' ? name.toString('latin1') : `${at}/${name.toString('latin1')}`)).filter((path) => !leaveOut(path));
    await mapBounded(paths, readsAtOnce, async (path) => {
      const state = await readEntry(bytesOf(folder, path));
      found.set(path, state);
      if (state.kind === 'directory') pending.push(path);
    });
  }
  return found;
}

export interface ComparisonOptions {
  /** Not those of folders: whatever is made and removed in one moves its time. */
  readonly times?: 'all' | 'not-of-folders';
}

/** Content, kinds, modes, times (to 2 µs) and links are the same; says the first differences otherwise. */
export function assertSameTree(actual: ReadonlyMap<string, EntryState>, expected: ReadonlyMap<string, EntryState>, options: ComparisonOptions = {}): void {
  const differences = treeDifferences(actual, expected, options);
  assert.equal(differences.slice(0, 20).join('\n'), '', `${differences.length} differences`);
}

export function treeDifferences(
  actual: ReadonlyMap<string, EntryState>,
  expected: ReadonlyMap<string, EntryState>,
  { times = 'all' }: ComparisonOptions = {},
): readonly string[] {
  const differences: string[] = [];
  for (const path of new Set([...expected.keys(), ...actual.keys()])) {
    const wanted = expected.get(path);
    const fault = faultOf(actual.get(path), wanted, times === 'all' || wanted?.kind !== 'directory');
    if (fault !== undefined) differences.push(`${JSON.stringify(path)}: ${fault}`);
  }
  return differences;
}

function faultOf(actual: EntryState | undefined, expected: EntryState | undefined, times: boolean): string | undefined {
  if (actual === undefined) return 'is missing';
  if (expected === undefined) return 'should not be there';
  if (actual.kind !== expected.kind) return `is a ${actual.kind}, not a ${expected.kind}`;
  if (actual.content !== expected.content) return 'has another content';
  if (actual.kind !== 'symlink' && actual.mode !== expected.mode) return `has mode ${actual.mode.toString(8)}, not ${expected.mode.toString(8)}`;
  const apart = actual.mtimeNs - expected.mtimeNs;
  if (times && (apart > 2_000n || apart < -2_000n)) return `has mtime ${actual.mtimeNs}, not ${expected.mtimeNs}`;
  return undefined;
}

async function readEntry(path: Buffer): Promise<EntryState> {
  const stat = await lstat(path, { bigint: true });
  const common = { mode: Number(stat.mode & 0o7777n), mtimeNs: stat.mtimeNs };
  if (stat.isFile()) return { ...common, kind: 'file', content: await hashOf(path, stat.size) };
  if (stat.isSymbolicLink()) return { ...common, kind: 'symlink', content: (await readlink(path, { encoding: 'buffer' })).toString('hex') };
  return { ...common, kind: stat.isDirectory() ? 'directory' : 'other', content: '' };
}

async function hashOf(path: Buffer, size: bigint): Promise<string> {
  const hash = createHash('sha256');
  if (size <= smallBytesMax) hash.update(await readFile(path));
  else await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

function bytesOf(folder: string, path: string): Buffer {
  return Buffer.concat([Buffer.from(path === '' ? folder : `${folder}/`), Buffer.from(path, 'latin1')]);
}
