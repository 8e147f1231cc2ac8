import { BackupError, messageOf } from '../base/errors.ts';
import { systemClock } from '../engine/platform/clock.ts';
import { stderrLog } from '../engine/platform/log.ts';
import { createPrimitives } from '../engine/platform/primitives.ts';
import type { Clock, Log, Primitives } from '../engine/ports/primitives.ts';
import { PasswordCheck } from './auth/passwordCheck.ts';
import { connectable, formatAddress, isLoopback, type ListenAddress } from './listenAddress.ts';
import { openListener } from './listener.ts';
import { openServerCore } from './openServerCore.ts';
import { createApp } from './routes/app.ts';
import { writeServedAt } from './servedAt.ts';
import { readOperatorsCertificate, selfMadeCertificate, type ServerIdentity } from './tls/certificate.ts';

/** What every command of the server is made of. */
export interface ServerParts {
  readonly primitives: Primitives;
  readonly clock: Clock;
  readonly log: Log;
}

export function createParts(): ServerParts {
  return { primitives: createPrimitives(), clock: systemClock, log: stderrLog({ level: 'info', clock: systemClock }) };
}

export interface ServeOptions {
  readonly dataDirectory: string;
  readonly listen: ListenAddress;
  readonly security: Security;
}

export type Security =
  | { readonly kind: 'self-made' }
  | { readonly kind: 'operator'; readonly cert: string; readonly key: string }
  /** Plain HTTP, on the loopback only. */
  | { readonly kind: 'none' };

export interface RunningServer {
  readonly url: string;
  /** Undefined on plain HTTP. */
  readonly fingerprint: string | undefined;
  readonly instance: string;
  /** Ends what is under way, bounded, then lets go of the data. Idempotent. */
  close(): Promise<void>;
}

/**
 * The whole server, serving. Errors: `denied` for plain HTTP beyond the loopback, `conflict` when another process
 * serves this data, `unavailable` when the address cannot be had.
 */
export async function startServer(options: ServeOptions, parts: ServerParts): Promise<RunningServer> {
  const { dataDirectory, listen, security } = options;
  const { primitives, clock, log } = parts;
  if (security.kind === 'none' && !isLoopback(listen.host)) {
    throw new BackupError('denied', 'Plain HTTP is served on the loopback only: leave out --insecure-http, or listen on 127.0.0.1.');
  }
  const core = await openServerCore({ dataDirectory, primitives, clock, log });
  try {
    const tls = await identityFor(options, clock);
    const passwords = await PasswordCheck.open({ accounts: core.accounts, random: primitives.random });
    const app = createApp({ core, passwords, hasher: primitives.hasher, random: primitives.random, clock, log });
    const listener = await openListener({ address: listen, tls, instance: core.instance, app, clock, log });
    const address = formatAddress(connectable(listener.address, { ipv4: '127.0.0.1', ipv6: '::1' }));
    const servedAt = { address: formatAddress(listener.address), fingerprint: tls?.fingerprint ?? null };
    await writeServedAt(dataDirectory, servedAt).catch((error: unknown) => {
      log.warn('served-at-not-noted', { message: messageOf(error) }); // a full disk must not keep reads from going on
    });
    const close = async (): Promise<void> => {
      await listener.close();
      await core.close();
    };
    return { url: `${tls === undefined ? 'http' : 'https'}://${address}`, fingerprint: tls?.fingerprint, instance: core.instance, close };
  } catch (error) {
    await core.close();
    throw error;
  }
}

async function identityFor({ dataDirectory, listen, security }: ServeOptions, clock: Clock): Promise<ServerIdentity | undefined> {
  switch (security.kind) {
    case 'none':
      return undefined;
    case 'operator':
      return await readOperatorsCertificate(security);
    case 'self-made':
      return await selfMadeCertificate({ dataDirectory, listenHost: listen.host, clock });
    default:
      return security satisfies never;
  }
}
