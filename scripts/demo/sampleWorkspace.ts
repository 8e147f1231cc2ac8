import { appendFile, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const files: Readonly<Record<string, string>> = {
  'README.md': '# A sample workspace\n\nHoldfast made it for its demonstration. Change what you like.\n',
  '.gitignore': 'build/\n',
  'src/hello.js': "export function hello(name) {\n  return `Hello, ${name}!`;\n}\n",
  'src/hello.test.js': "import { hello } from './hello.js';\n\nif (hello('you') !== 'Hello, you!') throw new Error('That was no greeting.');\n",
  'build/hello.min.js': 'export const hello=n=>`Hello, ${n}!`;\n',
};

/** The file that the demonstration edits. */
export const editedFile = 'notes/todo.md';

/** Makes the sample where it is not yet there; leaves everything else alone. */
export async function ensureSample(folder: string): Promise<void> {
  for (const [path, content] of Object.entries({ ...files, [editedFile]: '# To do\n\n- back up this folder\n' })) {
    await makeFile(join(folder, path), content);
  }
}

async function makeFile(file: string, content: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  if (await exists(file)) return;
  await writeFile(file, content);
}

/** Adds one line; answers it. */
export async function editSample(folder: string): Promise<string> {
  const file = join(folder, editedFile);
  const lines = (await readFile(file, 'utf8')).split('\n').length;
  const added = `- line ${lines}, written by the demonstration`;
  await appendFile(file, `${added}\n`);
  return added;
}

async function exists(file: string): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch {
    // Whatever the reason: writing it will tell.
    return false;
  }
}
