import type { Request, Response } from 'express';
import passport from 'passport';
import { Strategy as BearerStrategy } from 'passport-http-bearer';
import { Strategy as LocalStrategy } from 'passport-local';
import { BackupError } from '../../base/errors.ts';
import type { AccountStore, DeviceLogin, StoredAccount } from '../core/accountStore.ts';
import { tokenHashOf } from './deviceToken.ts';
import { networkOf } from './networkOf.ts';
import type { PasswordCheck } from './passwordCheck.ts';

/** Tells who sent a request. Keeps no sessions. */
export interface Authenticator {
  /** By the bearer token in the header. Errors: `denied`; `invalid` for a token anywhere else. */
  device(request: Request, response: Response): Promise<DeviceLogin>;
  /** By `name` and `password` of the body, which was parsed before. Errors: `denied`, `limit`, `unavailable`. */
  account(request: Request, response: Response, options: { readonly signal: AbortSignal }): Promise<StoredAccount>;
}

export interface AuthenticatorParts {
  readonly accounts: AccountStore;
  readonly passwords: PasswordCheck;
}

export function createAuthenticator({ accounts, passwords }: AuthenticatorParts): Authenticator {
  const signals = new WeakMap<Request, AbortSignal>();
  const passes = new passport.Passport();
  passes.use(
    new BearerStrategy((token, done) => {
      const hash = tokenHashOf(token);
      settle(done, hash === undefined ? Promise.resolve(undefined) : accounts.findDeviceByTokenHash(hash));
    }),
  );
  passes.use(
    new LocalStrategy({ usernameField: 'name', passReqToCallback: true, session: false }, (request, name, password, done) => {
      const signal = signals.get(request) ?? AbortSignal.abort();
      settle(done, passwords.verify({ name, password, address: addressOf(request), signal }));
    }),
  );
  return {
    async device(request, response) {
      refuseTokenElsewhere(request);
      const login = await pass<DeviceLogin>({ passes, strategy: 'bearer', request, response });
      if (login === undefined) throw new BackupError('denied', 'Not signed in, or this device was revoked: sign in again.');
      accounts.touchDevice({ account: login.account.id, device: login.device.id });
      return login;
    },
    async account(request, response, { signal }) {
      signals.set(request, signal);
      const account = await pass<StoredAccount>({ passes, strategy: 'local', request, response });
      if (account === undefined) throw new BackupError('denied', 'Name and password do not belong together.');
      return account;
    },
  };
}

/** The address that tries are counted by. */
export function addressOf(request: Request): string {
  return networkOf(request.socket.remoteAddress ?? 'unknown');
}

type Done = (error: unknown, found?: object | false) => void;

function settle(done: Done, found: Promise<object | undefined>): void {
  found.then(
    (one) => done(null, one ?? false),
    (error: unknown) => done(error),
  );
}

/** passport's callback form: it decides, the answer stays ours. */
function pass<T>(options: {
  readonly passes: passport.Authenticator;
  readonly strategy: 'bearer' | 'local';
  readonly request: Request;
  readonly response: Response;
}): Promise<T | undefined> {
  const { passes, strategy, request, response } = options;
  return new Promise((resolve, reject) => {
    const decide = (error: unknown, found: T | false | null | undefined): void => {
      if (error) reject(error);
      else resolve(found || undefined);
    };
    const middleware = passes.authenticate(strategy, { session: false }, decide) as Middleware;
    middleware(request, response, reject);
  });
}

type Middleware = (request: Request, response: Response, next: (error: unknown) => void) => void;

/** The bearer strategy would take it from the query too, where it ends in the logs of proxies. */
function refuseTokenElsewhere(request: Request): void {
  if ('access_token' in request.query || (typeof request.body === 'object' && request.body !== null)) {
    throw new BackupError('invalid', 'A token is sent in the header `authorization: Bearer …` and nowhere else.');
  }
}
