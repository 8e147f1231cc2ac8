// A real VS Code from npm alone: code-server ships the workbench and the extension host. Linux only; kept out of git.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { root } from './runTool.ts';

/** Versions of code-server, and of the Node that each one wants. */
const versions = {
  current: { codeServer: '4.139.1', node: '24.21.0' },
  /** The oldest VS Code that the manifest admits. */
  floor: { codeServer: '4.105.1', node: '22.23.3' },
} as const;

export type HostName = keyof typeof versions;

export interface VscodeHost {
  readonly folder: string;
  readonly node: string;
  readonly entry: string;
}

/** Where it is, installed or not. */
export function vscodeHost(name: HostName): VscodeHost {
  const folder = join(root, '.vscode-host', versions[name].codeServer);
  return {
    folder,
    node: join(folder, `node_modules/${nodePackage()}/bin/node`),
    entry: join(folder, 'node_modules/code-server/out/node/entry.js'),
  };
}

export function chosenHost(): HostName {
  const name = process.env['HOLDFAST_VSCODE'] ?? 'current';
  if (!(name in versions)) throw new Error(`HOLDFAST_VSCODE is ${Object.keys(versions).join(' or ')}.`);
  return name as HostName;
}

export function runsHere(): boolean {
  return process.platform === 'linux';
}

/** Installs it unless it is there. Downloads some 800 MB unpacked from the npm registry, about a minute. */
export function installVscodeHost(name: HostName): void {
  const { folder, node } = vscodeHost(name);
  const stamp = join(folder, '.holdfast-stamp');
  if (existsSync(stamp)) return;
  const { codeServer, node: nodeVersion } = versions[name];
  console.error(`Installing code-server ${codeServer}, which the tests in the editor need.`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"name":"vscode-host","private":true}\n');
  const npm = (place: string, ...words: string[]): number => runNpm({ place: join(folder, place), node, words });
  const code = 'node_modules/code-server';
  const vscode = `${code}/lib/vscode`;
  // Its own script would build for another Node, and `npm ci` refuses: the shipped shrinkwrap is out of step.
  const failed =
    npm('.', 'install', '--ignore-scripts', '--save-exact', `${nodePackage()}@${nodeVersion}`, `code-server@${codeServer}`) ||
    (name === 'floor' ? takeWatcherFromNpm([join(folder, vscode), join(folder, vscode, 'extensions')]) : 0) ||
    npm(vscode, 'install', '--omit=dev', '--ignore-scripts') ||
    npm(`${vscode}/extensions`, 'install', '--omit=dev', '--ignore-scripts') ||
    (name === 'floor' ? npm('.', 'rebuild', 'argon2', '--build-from-source') : 0); // without which it does not start; needs a C++ compiler
  if (failed) throw new Error(`code-server ${codeServer} could not be installed.`);
  // Log files of the extension host; the tests pass without.
  if (npm(vscode, 'rebuild', '@vscode/spdlog', '@vscode/native-watchdog') !== 0) console.error('Going on without native logging.');
  writeFileSync(stamp, '');
}

/** It names a commit on GitHub; the registry has the same version, prebuilt. */
function takeWatcherFromNpm(folders: readonly string[]): number {
  for (const folder of folders) {
    const file = join(folder, 'package.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace(/parcel-bundler\/watcher#\w+/, '2.5.1'));
    rmSync(join(folder, 'npm-shrinkwrap.json'));
  }
  return 0;
}

function runNpm({ place, node, words }: { readonly place: string; readonly node: string; readonly words: readonly string[] }): number {
  const own = join(node, '../..');
  const path = existsSync(node) ? `${join(own, 'bin')}${delimiter}${process.env['PATH']}` : process.env['PATH'];
  const env = { ...process.env, PATH: path, npm_config_nodedir: own }; // its headers, which need no download
  const { status } = spawnSync('npm', [...words, '--no-audit', '--no-fund', '--loglevel=error'], { cwd: place, env, stdio: ['ignore', 'ignore', 'inherit'] });
  return status ?? 1;
}

function nodePackage(): string {
  return `node-linux-${process.arch}`;
}

if (import.meta.main) installVscodeHost(chosenHost());
