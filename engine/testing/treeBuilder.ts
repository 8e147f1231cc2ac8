import { execFile } from 'node:child_process';
import * as fs from 'node:fs/promises';
import { createServer } from 'node:net';
import { promisify } from 'node:util';
import { byteStringOfText } from '../core/byteString.ts';

const run = promisify(execFile);

/** What a name of a built tree is. Modes and times are set exactly when given. */
export type NodeSpec =
  | { readonly kind: 'file'; readonly content: string | Uint8Array; readonly mode?: number; readonly mtimeNs?: bigint }
  | { readonly kind: 'directory'; readonly children: TreeSpec; readonly mode?: number; readonly mtimeNs?: bigint }
  /** `target` is a byte string. */
  | { readonly kind: 'symlink'; readonly target: string; readonly mtimeNs?: bigint }
  | { readonly kind: 'socket' }
  | { readonly kind: 'fifo' }
  /** A file of that size with a few bytes at its start and its end and nothing between. */
  | { readonly kind: 'sparse'; readonly size: number }
  /** Another name of a file that was built before it; the path is from the tree's root. */
  | { readonly kind: 'hard-link'; readonly to: string };

/** By name, as byte strings. */
export type TreeSpec = Readonly<Record<string, NodeSpec>>;

export function file(content: string | Uint8Array = '', rest: { readonly mode?: number; readonly mtimeNs?: bigint } = {}): NodeSpec {
  return { kind: 'file', content, ...rest };
}

export function directory(children: TreeSpec = {}, rest: { readonly mode?: number; readonly mtimeNs?: bigint } = {}): NodeSpec {
  return { kind: 'directory', children, ...rest };
}

export function symlink(target: string): NodeSpec {
  return { kind: 'symlink', target };
}

/** Builds a tree into a folder that exists. */
export async function buildTree(folder: string, tree: TreeSpec): Promise<void> {
  const root = byteStringOfText(folder);
  await buildChildren(root, { root, children: tree });
}

interface Building {
  readonly root: string;
  readonly children: TreeSpec;
}

async function buildChildren(at: string, { root, children }: Building): Promise<void> {
  for (const [name, node] of Object.entries(children)) await buildNode(`${at}/${name}`, { root, node });
}

async function buildNode(path: string, { root, node }: { readonly root: string; readonly node: NodeSpec }): Promise<void> {
  const native = nativeOf(path);
  switch (node.kind) {
    case 'file':
      await fs.writeFile(native, node.content);
      break;
    case 'directory':
      await fs.mkdir(native);
      await buildChildren(path, { root, children: node.children });
      break;
    case 'symlink':
      await fs.symlink(nativeOf(node.target), native);
      break;
    case 'socket':
      await makeSocket(native);
      break;
    case 'fifo':
      await run('mkfifo', [native.toString()]);
      break;
    case 'sparse':
      await makeSparse(native, node.size);
      break;
    case 'hard-link':
      await fs.link(nativeOf(`${root}/${node.to}`), native);
      break;
    default:
      node satisfies never;
  }
  if ('mode' in node && node.mode !== undefined) await fs.chmod(native, node.mode);
  if ('mtimeNs' in node && node.mtimeNs !== undefined) await fs.lutimes(native, secondsOf(node.mtimeNs), secondsOf(node.mtimeNs));
}

/** A socket stays in its folder when the one that listened there dies; only a close removes it. */
async function makeSocket(path: Buffer): Promise<void> {
  const listening = `${path.toString()}.listening`;
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(listening, resolve));
  await fs.rename(listening, path);
  await new Promise((resolve) => server.close(resolve));
}

async function makeSparse(path: Buffer, size: number): Promise<void> {
  const handle = await fs.open(path, 'w');
  try {
    await handle.write('start', 0);
    await handle.truncate(size);
    if (size >= 8) await handle.write('end', size - 3);
  } finally {
    await handle.close();
  }
}

/**
 * Nests `depth` directories of that name, beyond what a path can say, with a file in each at every hundredth. Made by a
 * process that walks down, because no call takes such a path.
 */
export async function buildDeep(folder: string, { depth, name = 'd' }: { readonly depth: number; readonly name?: string }): Promise<void> {
  const script = `
    const fs = require('node:fs');
    for (let i = 1; i <= ${depth}; i++) {
      fs.mkdirSync(${JSON.stringify(name)});
      process.chdir(${JSON.stringify(name)});
      if (i % 100 === 0) fs.writeFileSync('file', String(i));
    }`;
  await run(process.execPath, ['-e', script], { cwd: folder });
}

function nativeOf(path: string): Buffer {
  return Buffer.from(path, 'latin1');
}

function secondsOf(ns: bigint): string {
  return String(Number(ns / 1_000_000_000n) + Number(ns % 1_000_000_000n) / 1e9);
}
