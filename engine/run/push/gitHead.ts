import { byteStringFrom, displayName } from '../../core/byteString.ts';
import type { ByteName } from '../../core/byteString.ts';
import type { SnapshotDetails } from '../../core/snapshot/snapshotTypes.ts';
import type { AbsolutePath, Files } from '../../ports/files.ts';

const smallBytesMax = 4 * 1024;
const packedRefsBytesMax = 4 * 1024 * 1024;
const hashPattern = /^[0-9a-f]{40,64}$/;

/** Where git stands, read from its files without running it; undefined where there is no git, or it cannot be read. */
export async function readGitHead(files: Files, root: AbsolutePath): Promise<SnapshotDetails['git']> {
  const git = await gitFolder(files, root);
  const text = await readText(files, join(files, git, 'HEAD'), smallBytesMax);
  if (text === undefined) return undefined;
  const head = text.trim();
  if (!head.startsWith('ref: ')) return hashPattern.test(head) ? { head, branch: undefined } : undefined;
  const ref = head.slice(5).trim();
  if (!ref.startsWith('refs/') || ref.split('/').includes('..')) return undefined;
  const branch = displayName(ref.replace(/^refs\/heads\//, ''));
  const common = await commonFolder(files, git);
  const hash = (await readText(files, join(files, common, ref), smallBytesMax))?.trim() ?? (await packedRef(files, { common, ref }));
  // A branch without a commit yet has no hash.
  return { head: hash !== undefined && hashPattern.test(hash) ? hash : '', branch };
}

/** `.git`, or where the file `.git` of a worktree or submodule points. */
async function gitFolder(files: Files, root: AbsolutePath): Promise<AbsolutePath> {
  const own = join(files, root, '.git');
  const text = await readText(files, own, smallBytesMax);
  const target = /^gitdir: (.+)/.exec(text ?? '')?.[1]?.trim();
  return target === undefined ? own : resolve(files, root, target);
}

/** A worktree keeps its HEAD, and shares refs with the main one. */
async function commonFolder(files: Files, git: AbsolutePath): Promise<AbsolutePath> {
  const target = (await readText(files, join(files, git, 'commondir'), smallBytesMax))?.trim();
  return target === undefined ? git : resolve(files, git, target);
}

async function packedRef(files: Files, { common, ref }: { readonly common: AbsolutePath; readonly ref: string }): Promise<string | undefined> {
  const lines = (await readText(files, join(files, common, 'packed-refs'), packedRefsBytesMax))?.split('\n') ?? [];
  return lines.find((line) => line.endsWith(` ${ref}`))?.split(' ')[0];
}

function resolve(files: Files, base: AbsolutePath, target: string): AbsolutePath {
  const absolute = target.startsWith('/') || /^[a-z]:/i.test(target);
  return absolute ? (target as AbsolutePath) : join(files, base, target);
}

function join(files: Files, base: AbsolutePath, path: string): AbsolutePath {
  return files.join(base, ...(path.split('/') as ByteName[]));
}

/** As a byte string: paths in it stay exact. */
async function readText(files: Files, path: AbsolutePath, bytesMax: number): Promise<string | undefined> {
  try {
    const read = await files.readWhole(path, bytesMax);
    return read === undefined ? undefined : byteStringFrom(read.bytes);
  } catch {
    return undefined; // No git here, or not for us to read: a snapshot does without.
  }
}

