import { createPrimitives } from '../platform/primitives.ts';
import { toHex } from '../../base/bytes.ts';
import type { AccountId, DeviceId } from '../../protocol/ids.ts';
import { repositorySuite } from '../testing/repositorySuite.ts';
import type { SuiteDevice, SuiteStore } from '../testing/repositorySuite.ts';
import { MemoryServer } from './memoryRepository.ts';

const primitives = createPrimitives();

function randomId<Id extends string>(): Id {
  return toHex(primitives.random.bytes(16)) as Id;
}

async function open(): Promise<SuiteStore> {
  let now = 1_700_000_000_000;
  const server = new MemoryServer({ ...primitives, clock: { now: () => now++ } });
  const device = (account: AccountId, deviceName: string): SuiteDevice => {
    const id = randomId<DeviceId>();
    return { device: id, deviceName, repository: server.repository({ account, device: id, deviceName }) };
  };
  const account = randomId<AccountId>();
  return {
    laptop: device(account, 'laptop'),
    desktop: device(account, 'desktop'),
    stranger: device(randomId<AccountId>(), 'stranger'),
    close: async () => {},
  };
}

repositorySuite('the memory store', open, primitives);
