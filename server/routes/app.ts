import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import helmet from 'helmet';
import { BackupError, isBackupError } from '../../base/errors.ts';
import { DisposableStore } from '../../base/disposable.ts';
import { instanceHeader } from '../../protocol/messages/headers.ts';
import { apiPrefix, routes, type RouteName } from '../../protocol/routes.ts';
import type { Clock, Hasher, Log, Random } from '../../engine/ports/primitives.ts';
import { addressOf, createAuthenticator, type Authenticator } from '../auth/authenticator.ts';
import type { PasswordCheck } from '../auth/passwordCheck.ts';
import type { ServerCore } from '../core/serverCore.ts';
import { accountRoutes } from './accountRoutes.ts';
import { sendAnswer, sendError } from './answers.ts';
import { ByteBudget, type BudgetLimits } from './byteBudget.ts';
import { drain } from './drain.ts';
import { objectRoutes } from './objectRoutes.ts';
import { RequestBody } from './requestBody.ts';
import { RequestMemory } from './requestMemory.ts';
import { clientSignal } from './clientSignal.ts';
import type { DeviceCall, RouteAnswer, RouteCall, SignInCall } from './routeTypes.ts';
import { snapshotRoutes } from './snapshotRoutes.ts';
import { workspaceRoutes } from './workspaceRoutes.ts';

export interface AppParts {
  readonly core: ServerCore;
  readonly passwords: PasswordCheck;
  readonly hasher: Hasher;
  readonly random: Random;
  readonly clock: Clock;
  readonly log: Log;
  readonly budget?: BudgetLimits;
}

const mib = 1024 * 1024;
/**
 * Enough for four answers of the largest size at once. One account may hold half of it, and while others wait no more
 * than about an eighth that hardly moves: one body or answer of the largest size.
 */
export const budgetLimits: BudgetLimits = { bytesMax: 256 * mib, accountBytesMax: 128 * mib, shareBytes: 34 * mib, waitingMax: 1024 };

type OpenHandler = (call: SignInCall) => Promise<RouteAnswer>;
type DeviceHandler = (call: DeviceCall) => Promise<RouteAnswer>;
type Handlers = {
  readonly [Name in RouteName]: (typeof routes)[Name]['auth'] extends 'none' ? OpenHandler : DeviceHandler;
};

/** The HTTP side of the server: exactly the routes of protocol/routes.ts. */
export function createApp(parts: AppParts): Express {
  const { core, log } = parts;
  const handlers: Handlers = { ...accountRoutes(parts), ...workspaceRoutes, ...objectRoutes(parts), ...snapshotRoutes(parts) };
  const shared: Shared = {
    ...parts,
    authenticator: createAuthenticator({ accounts: core.accounts, passwords: parts.passwords }),
    budget: new ByteBudget(parts.budget ?? budgetLimits),
  };
  const app = express();
  app.disable('x-powered-by').disable('etag').enable('case sensitive routing').set('query parser', 'simple');
  app.use((_request, response, next) => {
    response.setHeader(instanceHeader, core.instance);
    response.setHeader('cache-control', 'no-store');
    next();
  });
  // This is no site for browsers; on localhost HSTS would lock other servers of the same machine out of plain HTTP.
  app.use(helmet({ strictTransportSecurity: false }));
  for (const [name, { method, path, auth }] of Object.entries(routes)) {
    const serve =
      auth === 'none'
        ? serveAnyone(handlers[name as OpenRoute], shared)
        : serveDevice({ name, handle: handlers[name as DeviceRoute] }, shared);
    app[lowerCase[method]](apiPrefix + path, (request, response) => serveOne({ name, request, response, serve }, shared));
  }
  for (const path of new Set(Object.values(routes).map((route) => route.path))) app.all(apiPrefix + path, refuseMethod);
  app.use(() => {
    throw new BackupError('not-found', 'There is no such address here.');
  });
  app.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    sendError(response, routingError(error), { route: 'none', log });
  });
  return app;
}

type OpenRoute = { [Name in RouteName]: (typeof routes)[Name]['auth'] extends 'none' ? Name : never }[RouteName];
type DeviceRoute = Exclude<RouteName, OpenRoute>;
const lowerCase = { GET: 'get', POST: 'post', PUT: 'put', DELETE: 'delete' } as const;

interface Shared extends Omit<AppParts, 'budget'> {
  readonly authenticator: Authenticator;
  readonly budget: ByteBudget;
}

interface Transport {
  readonly request: Request;
  readonly response: Response;
  readonly signal: AbortSignal;
  readonly resources: DisposableStore;
}

type Serve = (transport: Transport) => Promise<{ readonly answer: RouteAnswer; readonly memory: RouteCall['memory'] }>;

/** One request from its arrival until its answer is away; what it held is let go of then. */
async function serveOne(
  { name, request, response, serve }: { name: string; request: Request; response: Response; serve: Serve },
  { clock, log }: Shared,
): Promise<void> {
  const resources = new DisposableStore();
  const startedAt = clock.now();
  const signal = clientSignal(response);
  try {
    const { answer, memory } = await serve({ request, response, signal, resources });
    await sendAnswer(response, answer, { memory, clock, signal });
  } catch (error) {
    sendError(response, error, { route: name, log });
  } finally {
    resources.dispose();
  }
  if (!request.complete) drain(request, clock);
  log.info('request', { route: name, status: response.statusCode, ms: clock.now() - startedAt });
}

function serveAnyone(handle: OpenHandler, shared: Shared): Serve {
  return async (transport) => {
    const { request, response, signal } = transport;
    const call = routeCall(transport, { account: addressOf(request), ...shared });
    const signIn: SignInCall['signIn'] = (credentials) => {
      request.body = credentials; // where passport-local looks
      return shared.authenticator.account(request, response, { signal });
    };
    refuseQuery(call);
    return { answer: await handle({ ...call, signIn }), memory: call.memory };
  };
}

function serveDevice({ name, handle }: { readonly name: string; readonly handle: DeviceHandler }, shared: Shared): Serve {
  return async (transport) => {
    const login = await shared.authenticator.device(transport.request, transport.response);
    const call = routeCall(transport, { account: login.account.id, ...shared });
    if (!queried.has(name)) refuseQuery(call);
    const scope = { account: login.account.id, device: login.device.id };
    const answer = await forbidding(() => handle({ ...call, login, repository: shared.core.accountRepository(scope) }));
    return { answer, memory: call.memory };
  };
}

/** Who is signed in and yet denied need not sign in again: 403 instead of 401. */
async function forbidding<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isBackupError(error, 'denied')) throw error;
    throw new BackupError('denied', error.message, { reason: 'forbidden', ...error.details }, { cause: error });
  }
}

function routeCall(
  { request, signal, resources }: Transport,
  { account, budget, clock }: Pick<Shared, 'budget' | 'clock'> & { readonly account: string },
): RouteCall {
  const memory = resources.add(new RequestMemory({ budget, account, clock, signal }));
  return {
    path: request.params as Readonly<Record<string, string>>,
    query: (parse) => parse({ ...request.query }),
    body: new RequestBody({ request, memory, clock, signal }),
    memory,
    signal,
    address: addressOf(request),
  };
}

/** Routes that read their query themselves; elsewhere there is none. */
const queried: ReadonlySet<string> = new Set<RouteName>(['snapshots', 'findSnapshots']);

function refuseQuery({ query }: RouteCall): void {
  query((fields) => {
    if (Object.keys(fields as object).length > 0) throw new BackupError('invalid', 'This address takes no query.');
  });
}

function refuseMethod(): never {
  throw new BackupError('invalid', 'This address does not know that method.', { reason: 'method' });
}

/** What Express itself refuses: an address that is not percent-encoded UTF-8. */
function routingError(error: unknown): unknown {
  const malformed = error instanceof Error && 'status' in error && error.status === 400;
  return malformed ? new BackupError('invalid', 'The address is malformed.', {}, { cause: error }) : error;
}
