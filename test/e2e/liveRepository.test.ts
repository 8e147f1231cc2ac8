import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../engine/platform/clock.ts';
import { silentLog } from '../../engine/platform/log.ts';
import { createPrimitives } from '../../engine/platform/primitives.ts';
import { repositorySuite, type SuiteStore } from '../../engine/testing/repositorySuite.ts';
import { openServerCore } from '../../server/openServerCore.ts';
import { LiveServer } from '../support/liveServer.ts';

async function devicesOf(server: LiveServer, close: () => Promise<void>): Promise<SuiteStore> {
  return {
    laptop: await server.device('ann', 'laptop'),
    desktop: await server.device('ann', 'desktop'),
    stranger: await server.device('stranger', 'other'),
    close,
  };
}

const primitives = createPrimitives();

repositorySuite(
  'the HTTP client with a live server and its data folder',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-http-'));
    const core = await openServerCore({ dataDirectory: folder, primitives, clock: systemClock, log: silentLog });
    const server = await LiveServer.start({ core });
    return await devicesOf(server, async () => {
      await server.close();
      await rm(folder, { recursive: true, force: true });
    });
  },
  primitives,
);
