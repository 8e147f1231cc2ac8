import { isIPv6 } from 'node:net';
import { BackupError } from '../base/errors.ts';

export interface ListenAddress {
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
}

export const listenAddressDefault: ListenAddress = { host: '127.0.0.1', port: 8420 };

const addressPattern = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:/@#[\]]+)):([0-9]{1,5})$/;
const portMax = 65_535;

/** `HOST:PORT`, an IPv6 address in brackets. Errors: `invalid`. */
export function parseListenAddress(text: string): ListenAddress {
  const [, bracketed, plain, port] = addressPattern.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || Number(port) > portMax || (bracketed !== undefined && !isIPv6(bracketed))) {
    throw new BackupError('invalid', `Not an address to listen on: HOST:PORT was expected, for example 127.0.0.1:8420.`);
  }
  return { host, port: Number(port) };
}

/** As in an URL. */
export function formatAddress({ host, port }: ListenAddress): string {
  return `${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

/** An address that means all of this machine's, replaced by one that can be connected to. */
export function connectable({ host, port }: ListenAddress, { ipv4, ipv6 }: { readonly ipv4: string; readonly ipv6: string }): ListenAddress {
  if (host === '0.0.0.0') return { host: ipv4, port };
  return isIPv6(host) && /^[0:]+$/.test(host) ? { host: ipv6, port } : { host, port };
}

/** `localhost` may resolve to anything, but nowhere does it resolve to another machine. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.[0-9]{1,3}){3}$/.test(host);
}
