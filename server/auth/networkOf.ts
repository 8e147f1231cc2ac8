import { isIPv6 } from 'node:net';

const groups = 8;
const networkGroups = 4;

/**
 * What an address is counted by: an IPv4 address itself; of an IPv6 address its first 64 bits, since whoever has one
 * has all of them.
 */
export function networkOf(address: string): string {
  const mapped = /^::ffff:([0-9.]+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.split('%', 1)[0]!.toLowerCase().split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = new Array<string>(Math.max(0, groups - before.length - after.length)).fill('0');
  return `${[...before, ...zeros, ...after].slice(0, networkGroups).join(':')}::/64`;
}
