import { argon2, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { BackupError } from '../../base/errors.ts';
import type { Random } from '../../engine/ports/primitives.ts';

const deriveInThread = promisify(argon2);

/** OWASP's first choice for argon2id; about 40 ms. Kept in each hash, so that changing it here changes new ones only. */
const cost = { memoryKib: 19_456, passes: 2, lanes: 1 } as const;
const saltBytes = 16;
const tagBytes = 32;
const memoryKibMax = 262_144;
const passesMax = 16;

/** The password as a PHC string: `$argon2id$v=19$m=…,t=…,p=…$salt$hash`. Runs off the event loop. */
export async function hashPassword(password: string, random: Random): Promise<string> {
  const salt = random.bytes(saltBytes);
  const tag = await derive(password, { ...cost, salt, bytes: tagBytes });
  return `$argon2id$v=19$m=${cost.memoryKib},t=${cost.passes},p=${cost.lanes}$${encode(salt)}$${encode(tag)}`;
}

/** Errors: `corrupt` when `stored` is no argon2id hash. Runs off the event loop. */
export async function verifyPassword(password: string, stored: string): Promise<boolean> {
  const { tag, ...parameters } = parsePhc(stored);
  return timingSafeEqual(await derive(password, { ...parameters, bytes: tag.length }), tag);
}

interface Parameters {
  readonly memoryKib: number;
  readonly passes: number;
  readonly lanes: number;
  readonly salt: Uint8Array;
}

/** NFC first: the same characters typed on two systems may be composed differently. */
function derive(password: string, { memoryKib, passes, lanes, salt, bytes }: Parameters & { readonly bytes: number }): Promise<Buffer> {
  const message = Buffer.from(password.normalize('NFC'));
  return deriveInThread('argon2id', { message, nonce: salt, memory: memoryKib, passes, parallelism: lanes, tagLength: bytes });
}

const phcPattern = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,3})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/;

function parsePhc(stored: string): Parameters & { readonly tag: Uint8Array } {
  const [, memory, passes, lanes, salt, tag] = phcPattern.exec(stored) ?? [];
  if (salt === undefined || tag === undefined || Number(memory) > memoryKibMax || Number(passes) > passesMax) {
    throw new BackupError('corrupt', 'A stored password hash is not argon2id, or costs more than this server pays.');
  }
  return {
    memoryKib: Number(memory),
    passes: Number(passes),
    lanes: Number(lanes),
    salt: Buffer.from(salt, 'base64'),
    tag: Buffer.from(tag, 'base64'),
  };
}

function encode(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replaceAll('=', '');
}
