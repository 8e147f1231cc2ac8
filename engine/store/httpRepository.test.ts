import { createPrimitives } from '../platform/primitives.ts';
import { repositorySuite } from '../testing/repositorySuite.ts';
import { LiveServer } from '../../test/support/liveServer.ts';

repositorySuite(
  'the HTTP client with a live server',
  async () => {
    const server = await LiveServer.start();
    await server.addUser('ann');
    await server.addUser('stranger');
    return {
      laptop: await server.signIn('ann', 'laptop'),
      desktop: await server.signIn('ann', 'desktop'),
      stranger: await server.signIn('stranger', 'other'),
      close: () => server.close(),
    };
  },
  createPrimitives(),
);
