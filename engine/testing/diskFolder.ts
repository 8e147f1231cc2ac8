import { execFile } from 'node:child_process';
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { AbsolutePath } from '../ports/files.ts';
import { absolutePath } from '../platform/nativePath.ts';

const run = promisify(execFile);

/** A folder of its own on the real disk, removed at the end of the test. */
export class DiskFolder {
  readonly text: string;
  readonly path: AbsolutePath;

  private constructor(text: string) {
    this.text = text;
    this.path = absolutePath(text);
  }

  static async create(test: { after(run: () => Promise<void>): void }): Promise<DiskFolder> {
    const text = await fs.realpath(await fs.mkdtemp(join(tmpdir(), 'holdfast-test-')));
    test.after(async () => await removeAll(text));
    return new DiskFolder(text);
  }

  at(name: string): string {
    return join(this.text, name);
  }

  async write(name: string, content: string | Uint8Array, { mode, mtime }: { mode?: number; mtime?: number } = {}): Promise<void> {
    await fs.mkdir(join(this.at(name), '..'), { recursive: true });
    await fs.writeFile(this.at(name), content);
    if (mode !== undefined) await fs.chmod(this.at(name), mode);
    if (mtime !== undefined) await fs.utimes(this.at(name), mtime, mtime);
  }

  async read(name: string): Promise<string> {
    return await fs.readFile(this.at(name), 'utf8');
  }

  /** One line for each thing beneath: kind, mode, time in µs (not of directories unless asked), content or target. */
  async describe({ times = false, modes = true }: { times?: boolean; modes?: boolean } = {}): Promise<readonly string[]> {
    const lines: string[] = [];
    const left = [''];
    for (let at = left.pop(); at !== undefined; at = left.pop()) {
      for (const raw of await fs.readdir(join(this.text, at), { encoding: 'latin1' })) {
        const name = at === '' ? raw : `${at}/${raw}`;
        const native = Buffer.from(`${Buffer.from(this.text).toString('latin1')}/${name}`, 'latin1');
        const stat = await fs.lstat(native, { bigint: true });
        const mode = modes && !stat.isSymbolicLink() ? ` ${(Number(stat.mode) & 0o7777).toString(8)}` : '';
        const time = times ? ` ${stat.mtimeNs / 1_000n}` : '';
        if (stat.isDirectory()) left.push(name);
        lines.push(`${name} ${await contentOf(native, stat)}${mode}${time}`);
      }
    }
    return lines.sort();
  }
}

async function contentOf(path: Buffer, stat: { isDirectory(): boolean; isSymbolicLink(): boolean; isFile(): boolean; readonly size: bigint }): Promise<string> {
  if (stat.isDirectory()) return 'directory';
  if (stat.isSymbolicLink()) return `-> ${(await fs.readlink(path, { encoding: 'buffer' })).toString('latin1')}`;
  if (!stat.isFile()) return 'other';
  const bytes = await fs.readFile(path);
  return bytes.length > 64 ? `${bytes.length} bytes ${bytes.subarray(0, 16).toString('hex')}` : JSON.stringify(bytes.toString('latin1'));
}

/** Also what a test made unwritable, or deeper than a path can say. */
async function removeAll(path: string): Promise<void> {
  if (process.platform === 'win32') await fs.rm(path, { recursive: true, force: true });
  else await run('sh', ['-c', 'chmod -R u+rwx "$1" && rm -rf "$1"', 'sh', path]);
}
