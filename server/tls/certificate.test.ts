import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { systemClock } from '../../engine/platform/clock.ts';
import { selfMadeCertificate, type ServerIdentity } from './certificate.ts';

describe('the certificate that the server makes itself', () => {
  let dataDirectory: string;
  beforeEach(async () => {
    dataDirectory = await mkdtemp(join(tmpdir(), 'holdfast-tls-'));
  });
  afterEach(() => rm(dataDirectory, { recursive: true }));

  const get = (): Promise<ServerIdentity> => selfMadeCertificate({ dataDirectory, listenHost: '127.0.0.1', clock: systemClock });

  test('is the same one for all who make it at the same moment, and for ever after', async () => {
    const made = await Promise.all(Array.from({ length: 6 }, get));
    const { fingerprint } = await get();
    assert.deepEqual(made.map((one) => one.fingerprint), made.map(() => fingerprint));
    assert.deepEqual(await readdir(dataDirectory), ['tls']);
    assert.deepEqual((await readdir(join(dataDirectory, 'tls'))).toSorted(), ['cert.pem', 'key.pem']);
  });

  test('keeps its key to its owner', { skip: process.platform === 'win32' }, async () => {
    await get();
    assert.equal((await stat(join(dataDirectory, 'tls'))).mode & 0o777, 0o700);
    assert.equal((await stat(join(dataDirectory, 'tls', 'key.pem'))).mode & 0o777, 0o600);
  });

  test('is not made anew while half of it is there', async () => {
    await get();
    for (const name of ['key.pem', 'cert.pem']) {
      await rm(join(dataDirectory, 'tls', name));
      await assert.rejects(get(), { code: 'not-found' });
      await rm(join(dataDirectory, 'tls'), { recursive: true });
      await get();
    }
  });
});
