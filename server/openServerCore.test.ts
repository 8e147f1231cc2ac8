import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { systemClock } from '../engine/platform/clock.ts';
import { silentLog } from '../engine/platform/log.ts';
import { createPrimitives } from '../engine/platform/primitives.ts';
import { repositorySuite } from '../engine/testing/repositorySuite.ts';
import type { SuiteDevice, SuiteStore } from '../engine/testing/repositorySuite.ts';
import type { AccountId } from '../protocol/ids.ts';
import type { CheckFinding } from './core/checkTypes.ts';
import type { ServerCore } from './core/serverCore.ts';
import { checkData, openServerCore } from './openServerCore.ts';

const primitives = createPrimitives();
let dataDirectory: string;
let core: ServerCore;
let stores = 0;

before(async () => {
  dataDirectory = await mkdtemp(join(tmpdir(), 'holdfast-'));
  core = await openServerCore({ dataDirectory, primitives, clock: systemClock, log: silentLog });
});

after(async () => {
  await core.close();
  await rm(dataDirectory, { recursive: true });
});

/** Two new accounts on the one server: to them it is empty. */
async function openSuiteStore(): Promise<SuiteStore> {
  const number = ++stores;
  const [mine, theirs] = [await addAccount(`me ${number}`), await addAccount(`them ${number}`)];
  return {
    laptop: await addDevice(mine, 'laptop'),
    desktop: await addDevice(mine, 'desktop'),
    stranger: await addDevice(theirs, 'stranger'),
    close: async () => {},
  };
}

async function addAccount(name: string): Promise<AccountId> {
  return (await core.accounts.create({ name, passwordHash: '' })).id;
}

async function addDevice(account: AccountId, deviceName: string): Promise<SuiteDevice> {
  const { id: device } = await core.accounts.createDevice({ account, name: deviceName, tokenHash: primitives.random.bytes(32) });
  return { repository: core.accountRepository({ account, device }), device, deviceName };
}

repositorySuite('the server core', openSuiteStore, primitives);

test('check finds nothing wrong after all of it, before and after gathering, beside the server and in it', async () => {
  const { signal } = new AbortController();
  for (const gather of [false, true]) {
    if (gather) assert.ok((await core.gather()).segments > 0);
    for (const check of [core.check({ signal }), checkData({ dataDirectory, primitives, clock: systemClock, log: silentLog, signal })]) {
      const findings: CheckFinding[] = [];
      for await (const finding of check) findings.push(finding);
      assert.deepEqual(findings.filter(({ kind }) => kind === 'problem'), []);
      assert.ok(findings.some((finding) => finding.kind === 'summary' && finding.snapshots > 20 && finding.segments > 20 && finding.problems === 0));
    }
  }
});

test('a folder that cannot be opened is let go of: no thread stays behind, and the next start works', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-'));
  const options = { dataDirectory: folder, primitives, clock: systemClock, log: silentLog };
  const threads = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'MessagePort').length;
  try {
    await (await openServerCore(options)).close();
    const before = threads();
    const database = new DatabaseSync(join(folder, 'holdfast.sqlite'));
    database.exec("insert into volumes (name, bytes, created_at) values ('ab', 0, 1)");
    database.close();
    await mkdir(join(folder, 'volumes', 'ab.volume', 'in the way'), { recursive: true });
    await assert.rejects(openServerCore(options), { code: 'unavailable' });
    assert.equal(threads(), before);
    await rm(join(folder, 'volumes', 'ab.volume'), { recursive: true });
    await (await openServerCore(options)).close();
  } finally {
    await rm(folder, { recursive: true });
  }
});
