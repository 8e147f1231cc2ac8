import { createHash } from 'node:crypto';
import type { Random } from '../../engine/ports/primitives.ts';

const tokenBytes = 32;
const tokenPattern = /^[A-Za-z0-9_-]{43}$/;

/** 256 random bits as base64url. */
export function createToken(random: Random): string {
  return Buffer.from(random.bytes(tokenBytes)).toString('base64url');
}

/** What the server keeps of a token; undefined when it cannot be one. */
export function tokenHashOf(token: string): Uint8Array | undefined {
  return tokenPattern.test(token) ? createHash('sha256').update(token).digest() : undefined;
}
