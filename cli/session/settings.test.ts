import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isBackupError } from '../../base/errors.ts';
import { ruleOptionsDefault } from '../../engine/core/ignore/directoryRules.ts';
import { readSettings, ruleOptionsOf } from './settings.ts';

test('settings come from a file that need not exist, and a wrong one is refused', async (context) => {
  const home = await mkdtemp(join(tmpdir(), 'holdfast-settings-'));
  context.after(async () => await rm(home, { recursive: true }));
  assert.deepEqual(await readSettings(home), { exclude: [], maxFileBytes: ruleOptionsDefault.fileBytesMax });
  await writeFile(join(home, 'settings.json'), '{"exclude": ["*.iso"], "maxFileBytes": 5}');
  const options = ruleOptionsOf(await readSettings(home), { git: true, gitignore: false });
  assert.deepEqual({ ...options, ignoreCase: false }, { git: true, gitignore: false, excludes: ['*.iso'], fileBytesMax: 5, ignoreCase: false });
  for (const text of ['', '{"exclude": "x"}', '{"maxFileBytes": 0}', '{"excludes": []}']) {
    await writeFile(join(home, 'settings.json'), text);
    await assert.rejects(readSettings(home), (error) => isBackupError(error, 'invalid'), text);
  }
});
