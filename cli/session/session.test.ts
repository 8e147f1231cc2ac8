import type { Session } from '../../engine/core/session/session.ts';
import assert from 'node:assert/strict';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { isBackupError } from '../../base/errors.ts';
import { parseAccountId, parseDeviceId } from '../../protocol/ids.ts';
import { findSession, readSession, removeSession, writeSession } from './session.ts';

const session: Session = {
  url: 'https://127.0.0.1:8420',
  user: 'ann',
  account: parseAccountId('1'.repeat(32)),
  device: parseDeviceId('2'.repeat(32)),
  deviceName: 'laptop',
  token: 'secret',
  trust: { kind: 'pinned', pem: 'PEM', fingerprint: 'ab'.repeat(32) },
};

async function temporary(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-session-'));
  context.after(async () => await rm(folder, { recursive: true }));
  return join(folder, 'home');
}

test('a session comes back as it was written, for its owner only', async (context) => {
  const home = await temporary(context);
  for (const each of [session, { ...session, trust: { kind: 'ca', pem: 'PEM' } as const }]) {
    await writeSession(home, each);
    assert.deepEqual(await readSession(home), each);
  }
  if (process.platform !== 'win32') assert.equal((await stat(join(home, 'session.json'))).mode & 0o777, 0o600);
  await removeSession(home);
  assert.equal(await findSession(home), undefined);
});

test('nobody signed in is a refusal, a damaged file is said to be one', async (context) => {
  const home = await temporary(context);
  await assert.rejects(readSession(home), (error) => isBackupError(error, 'denied'));
  await writeSession(home, session);
  await writeFile(join(home, 'session.json'), '{"url":1}');
  await assert.rejects(readSession(home), (error) => isBackupError(error, 'corrupt'));
});
