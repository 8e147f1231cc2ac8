import assert from 'node:assert/strict';
import { test } from 'node:test';
import { importFault, layerOf } from './layers.mjs';

function check(file: string, specifier: string, want: RegExp | undefined, { typeOnly } = { typeOnly: false }): void {
  const fault = importFault({ file, specifier, typeOnly });
  if (want) assert.match(fault ?? 'allowed', want);
  else assert.equal(fault, undefined);
}

test('the longest folder decides', () => {
  assert.equal(layerOf('server/core/ingest.ts')?.folder, 'server/core');
  assert.equal(layerOf('server/main.ts')?.folder, 'server');
  assert.equal(layerOf('engine/core/tree/planTree.ts')?.folder, 'engine/core');
  assert.equal(layerOf('elsewhere/x.ts'), undefined);
});

test('a layer imports itself and what stands beside it in the table', () => {
  check('engine/core/tree/a.ts', '../list/b.ts', undefined);
  check('engine/core/tree/a.ts', '../../../base/bytes.ts', undefined);
  check('cli/main.ts', '../engine/run/push.ts', undefined);
  check('server/db/a.ts', 'kysely', undefined);
});

test('other layers are refused', () => {
  check('base/a.ts', '../protocol/ids.ts', /^base may not import protocol/);
  check('engine/run/a.ts', '../platform/clock.ts', /^engine\/run may not import engine\/platform/);
  check('engine/store/a.ts', '../../server/core/a.ts', /may not import server\/core/);
  check('cli/main.ts', '../server/main.ts', /^cli may not import server/);
  check('cli/main.ts', '../engine/testing/clock.ts', /^cli may not import engine\/testing/);
  check('extension/a.ts', '../server/main.ts', /^extension may not import server/);
});

test('packages are refused outside the layer that owns them', () => {
  check('server/routes/a.ts', 'express', undefined);
  check('server/core/a.ts', 'express', /may not import the package express/);
  check('engine/core/a.ts', 'vscode', /may not import the package vscode/);
  check('engine/store/a.ts', '@parcel/watcher', /may not import the package @parcel\/watcher/);
  check('engine/core/a.ts', 'cborg/length', undefined);
});

test('types only means types only', () => {
  check('engine/ports/files.ts', '../core/tree/a.ts', undefined, { typeOnly: true });
  check('engine/ports/files.ts', '../core/tree/a.ts', /write `import type`/);
  check('server/core/a.ts', 'kysely', undefined, { typeOnly: true });
  check('server/core/a.ts', 'kysely', /may not import the package kysely/);
  check('engine/core/a.ts', '../ports/primitives.ts', undefined, { typeOnly: true });
  check('engine/core/a.ts', '../ports/primitives.ts', /may not import engine\/ports/);
});

test('modules of Node are refused where ports exist, and named in full', () => {
  check('engine/core/a.ts', 'node:fs', /use a port/);
  check('engine/platform/a.ts', 'node:fs/promises', undefined);
  check('cli/main.ts', 'fs', /^write node:fs/);
});

test('tests import anything, and nothing imports tests', () => {
  check('engine/core/a.test.ts', '../../server/main.ts', undefined);
  check('test/e2e/push.test.ts', 'express', undefined);
  check('engine/core/a.ts', './a.test.ts', /is a test/);
  check('cli/main.ts', '../test/e2e/program.ts', /is a test/);
});
