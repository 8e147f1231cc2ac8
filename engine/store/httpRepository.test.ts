import { createPrimitives } from '../platform/primitives.ts';
import { repositorySuite } from '../testing/repositorySuite.ts';
import { LiveServer } from '../../test/support/liveServer.ts';

repositorySuite(
  'the HTTP client with a live server',
  async () => {
    const server = await LiveServer.start();
    return {
      laptop: await server.device('ann', 'laptop'),
      desktop: await server.device('ann', 'desktop'),
      stranger: await server.device('stranger', 'other'),
      close: () => server.close(),
    };
  },
  createPrimitives(),
);
