import { lstat } from 'node:fs/promises';
import { isBackupError } from '../../base/errors.ts';
import { posix } from 'node:path';
import { absolutePath, nativePath, realAbsolutePath } from '../../engine/platform/nativePath.ts';
import type { AbsolutePath } from '../../engine/ports/files.ts';

/** What a typed path leads to: links are followed, because `push LINK` means the folder that it leads to. */
export async function followedPath(typed: string): Promise<AbsolutePath> {
  const path = absolutePath(typed);
  try {
    return await realAbsolutePath(path);
  } catch (error) {
    if (!isBackupError(error, 'not-found')) throw error;
    return await physicalPath(path);
  }
}

/** What a typed path is: a link is itself, because it has a history of its own. */
export async function typedPhysicalPath(typed: string): Promise<AbsolutePath> {
  return await physicalPath(absolutePath(typed));
}

/**
 * Where `path` really is: links above it are resolved, and it itself only where it is no link. What does not exist (a
 * deleted file has a history, too) is placed under the nearest folder that does.
 */
export async function physicalPath(path: AbsolutePath): Promise<AbsolutePath> {
  if (!(await isLink(path)) && (await exists(path))) return await realAbsolutePath(path);
  const names: string[] = [];
  let at = path;
  do {
    names.unshift(posix.basename(at));
    at = posix.dirname(at) as AbsolutePath;
  } while (!(await exists(at)));
  return posix.join(await realAbsolutePath(at), ...names) as AbsolutePath;
}

/** `path` and every folder above it, nearest first. */
export function foldersAbove(path: AbsolutePath): readonly AbsolutePath[] {
  const folders = [path];
  for (let at = path; posix.dirname(at) !== at && posix.dirname(at) !== '.'; ) {
    at = posix.dirname(at) as AbsolutePath;
    folders.push(at);
  }
  return folders;
}

async function isLink(path: AbsolutePath): Promise<boolean> {
  try {
    return (await lstat(nativePath(path))).isSymbolicLink();
  } catch {
    // It does not exist or cannot be seen: nothing to follow.
    return false;
  }
}

async function exists(path: AbsolutePath): Promise<boolean> {
  try {
    await realAbsolutePath(path);
    return true;
  } catch {
    // Missing, or a link to nothing: the folder above decides.
    return false;
  }
}
