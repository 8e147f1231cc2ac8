import { appendFile, lstat, mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Dice } from '../../engine/testing/dice.ts';

const foldersMax = 6;
const filesOfFolderMax = 12;
const fileBytesMax = 200_000;

/** A few random changes: files written, grown, emptied, moved, removed, replaced by folders and links. */
export async function mutateFolder(folder: string, dice: Dice): Promise<void> {
  for (let change = 1 + dice.below(6); change > 0; change--) await mutateOnce(folder, dice);
}

async function mutateOnce(folder: string, dice: Dice): Promise<void> {
  const inside = join(folder, `folder-${dice.below(foldersMax)}`);
  await mkdir(inside, { recursive: true });
  const path = join(inside, `file-${dice.below(filesOfFolderMax)}`);
  switch (dice.below(8)) {
    case 0:
      return await rm(path, { recursive: true, force: true });
    case 1:
      return await moveSomething(inside, path);
    case 2:
      await rm(path, { recursive: true, force: true });
      return await symlink(dice.pick(['../elsewhere', 'file-1', '/nowhere']), path);
    case 3:
      await rm(path, { recursive: true, force: true });
      await mkdir(path);
      return await writeFile(join(path, 'inner'), dice.bytes(dice.below(100)));
    case 4:
      return await appendTo(path, dice.bytes(dice.below(5_000)));
    default:
      await rm(path, { recursive: true, force: true });
      return await writeFile(path, dice.bytes(dice.below(fileBytesMax)));
  }
}

async function moveSomething(inside: string, to: string): Promise<void> {
  const [first] = await readdir(inside);
  if (first === undefined) return;
  const from = join(inside, first);
  if (from === to) return;
  await rm(to, { recursive: true, force: true });
  await rename(from, to);
}

async function appendTo(path: string, bytes: Uint8Array): Promise<void> {
  if (!(await lstat(path).catch(() => undefined /* a new file then */))?.isFile()) await rm(path, { recursive: true, force: true });
  await appendFile(path, bytes);
}
