import { join } from 'node:path';
import type { FormatContext } from '../../engine/core/formatContext.ts';
import { openStateFolder } from '../../engine/platform/stateFolder.ts';
import type { KeyStore } from '../../engine/ports/keyStore.ts';
import type { Repository } from '../../engine/ports/repository.ts';
import { openKeys, type OpenedKeys } from '../../engine/run/openKeys.ts';
import { connectAccount, type AccountClient } from '../../engine/store/accountClient.ts';
import { connectRepository } from '../../engine/store/httpRepository.ts';
import { withRetry } from '../../engine/store/retryRepository.ts';
import type { Session } from '../../engine/core/session/session.ts';
import type { Call } from '../command.ts';
import { readSession } from './session.ts';

/** Where the keys are pinned, under the home. */
export const keysFolder = 'keys';

/** The server that the person is signed in to, as this command uses it. */
export interface Server {
  readonly session: Session;
  readonly account: AccountClient;
  /** Tries again by itself when the server is away for a moment. */
  readonly repository: Repository & KeyStore;
  /** Fails at once when the server is away. */
  readonly repositoryOnce: Repository & KeyStore;
  /** Opened at the first call. Errors: `denied`, `unavailable`. */
  openKeys(): Promise<OpenedKeys>;
  formatContext(): Promise<FormatContext>;
}

/** Connects as who is signed in, and hangs up when `work` is done. Errors: `denied` when nobody is. */
export async function withServer<T>(call: Call, work: (server: Server) => Promise<T>): Promise<T> {
  const session = await readSession(call.surroundings.home);
  const { url, trust, token } = session;
  const account = connectAccount({ url, trust, token });
  const connected = connectRepository({ url, trust, token });
  try {
    return await work(createServer({ call, session, account, connected }));
  } finally {
    account.close();
    connected.close();
  }
}

function createServer(one: {
  readonly call: Call;
  readonly session: Session;
  readonly account: AccountClient;
  readonly connected: Repository & KeyStore;
}): Server {
  const { session, account, connected } = one;
  const { signal } = one.call;
  const { home, primitives, clock } = one.call.surroundings;
  let opened: Promise<OpenedKeys> | undefined;
  const open = async (): Promise<OpenedKeys> =>
    await openKeys({
      keyStore: connected,
      state: await openStateFolder(join(home, keysFolder)),
      account: { url: session.url, name: session.user },
      primitives,
      signal,
    });
  return {
    session,
    account,
    repository: withRetry(connected, { clock, random: primitives.random }),
    repositoryOnce: connected,
    openKeys: () => (opened ??= open()),
    async formatContext() {
      opened ??= open();
      return { ...primitives, keys: (await opened).keys };
    },
  };
}
