// What the tests in the editor need of the system, and npm does not have.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const needed = [
  { files: ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome-stable', '/usr/bin/google-chrome'], packages: ['chromium', 'fonts-dejavu-core'] },
  { files: ['/usr/sbin/ip', '/usr/bin/ip', '/sbin/ip', '/bin/ip'], packages: ['iproute2'] },
] as const;

/** Installs what is missing where that may be done; elsewhere the tests that need it fail with the line that does. */
export function installSystemPackages(): void {
  const missing = needed.filter(({ files }) => !files.some((file) => existsSync(file))).flatMap(({ packages }) => packages);
  if (missing.length === 0 || process.getuid?.() !== 0 || run('apt-get', ['--version']) !== 0) return;
  console.error(`Installing ${missing.join(', ')}, which the tests in the editor need.`);
  run('apt-get', ['update', '-qq']);
  if (run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing]) !== 0) console.error('They could not be installed.');
}

function run(program: string, words: readonly string[]): number {
  return spawnSync(program, words, { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } }).status ?? 1;
}
