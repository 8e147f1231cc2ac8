import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { systemClock } from '../engine/platform/clock.ts';
import { silentLog } from '../engine/platform/log.ts';
import { createPrimitives } from '../engine/platform/primitives.ts';
import { repositorySuite } from '../engine/testing/repositorySuite.ts';
import type { SuiteDevice, SuiteStore } from '../engine/testing/repositorySuite.ts';
import type { AccountId } from '../protocol/ids.ts';
import type { ServerCore } from './core/serverCore.ts';
import { openServerCore } from './openServerCore.ts';

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
