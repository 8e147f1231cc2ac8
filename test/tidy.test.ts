import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { apiPrefix, routes } from '../protocol/routes.ts';
import { sourceFolders } from '../scripts/layers.mjs';
import { lifted, spared } from '../scripts/ratchet.mjs';
import { banFaults } from '../scripts/tidy/bans.ts';
import { commandFaults, folderFaults, machinePathFaults, routeFaults } from '../scripts/tidy/documents.ts';
import { cycleFaults, importFaults } from '../scripts/tidy/imports.ts';
import { sizeFaults } from '../scripts/tidy/sizes.ts';
import { isSource, parseSource, readTextFiles, type Fault } from '../scripts/tidy/source.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const files = readTextFiles(root);
const sources = files.filter(({ file }) => isSource(file)).map(parseSource);
const read = (file: string): string => readFileSync(`${root}${file}`, 'utf8');

function check(faults: readonly Fault[]): void {
  assert.equal(faults.map(({ file, line, message }) => `${file}:${line}: ${message}`).join('\n'), '');
}

test('every import is one that the layer table allows', () => check(sources.flatMap(importFaults)));

test('no files import values from each other in a circle', () => check(cycleFaults(sources)));

test('nothing banned is used', () => check(sources.flatMap((source) => banFaults(source, lifted))));

test('no function or file is too long', () => check(sources.flatMap((source) => sizeFaults(source, spared))));

test('what is spared a rule exists and says why', () => {
  const wrong = [...lifted, ...spared].filter(({ file, reason }) => !existsSync(`${root}${file}`) || reason.length < 10);
  assert.deepEqual(wrong, []);
});

test('every folder of source has a layer and is named in ARCHITECTURE.md', () => {
  const folders = [...new Set(sources.filter(({ file }) => file.includes('/')).map(({ file }) => file.split('/', 1)[0] ?? ''))];
  check(folderFaults(folders, { known: sourceFolders, architecture: read('ARCHITECTURE.md') }));
});

test('every route is described in docs/protocol.md', () => {
  check(routeFaults(Object.values(routes), { prefix: apiPrefix, protocol: read('docs/protocol.md') }));
});

test('every command is named in README.md', () => {
  const commands = readdirSync(`${root}cli/commands`)
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map((file) => file.slice(0, -'.ts'.length));
  assert.notEqual(commands.length, 0);
  check(commandFaults(commands, read('README.md')));
});

test('no file names a path of the machine it was written on', () => check(files.flatMap(machinePathFaults)));
