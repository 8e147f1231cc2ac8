import { BackupError, isBackupError } from '../../base/errors.ts';
import { decodeUtf8, encodeUtf8, fromHex, toHex } from '../../base/bytes.ts';
import { deriveKeys } from '../core/keys/deriveKeys.ts';
import type { Keys } from '../core/keys/deriveKeys.ts';
import { createKeyRing, decodeKeyRing, encodeKeyRing, keyRingFingerprint } from '../core/keys/keyRing.ts';
import type { Custody, KeyStore, StoredRing } from '../ports/keyStore.ts';
import type { Primitives } from '../ports/primitives.ts';
import type { StateFolder } from '../ports/stateFolder.ts';

export interface OpenKeysOptions {
  readonly keyStore: KeyStore;
  /** Readable by its owner only: it holds the ring, so that a folder is sealed also while the server is away. */
  readonly state: StateFolder;
  /** Names the account on its server: one state folder serves several. */
  readonly account: { readonly url: string; readonly name: string };
  readonly primitives: Pick<Primitives, 'hasher' | 'random'>;
  readonly signal: AbortSignal;
}

export interface OpenedKeys {
  readonly keys: Keys;
  readonly custody: Custody;
  readonly fingerprint: string;
  /** `pinned`: the server could not be reached; what was seen last is used. */
  readonly source: 'server' | 'pinned';
}

interface Pin {
  readonly custody: Custody;
  readonly fingerprint: string;
  readonly ring: Uint8Array;
}

const pinVersion = 1;

/**
 * The account's keys: those on the server, made now when there are none. What is seen first is pinned; a ring or a
 * custody that this client did not change stops it. While the server cannot be reached the pinned ring serves.
 * Errors: `denied` when ring or custody have changed, `unavailable` when there is neither server nor pin.
 */
export async function openKeys(options: OpenKeysOptions): Promise<OpenedKeys> {
  const { state, primitives } = options;
  const name = pinName(options);
  const pin = parsePin(await state.read(name));
  let stored: StoredRing;
  try {
    stored = await getOrCreateRing(options, pin);
  } catch (error) {
    if (pin === undefined || !isBackupError(error, 'unavailable')) throw error;
    return { keys: deriveKeys(decodeKeyRing(pin.ring), primitives.hasher), custody: pin.custody, fingerprint: pin.fingerprint, source: 'pinned' };
  }
  if (stored.custody !== 'managed') {
    throw new BackupError('denied', 'The keys of this account are wrapped by a passphrase; this version cannot open them.');
  }
  const ring = decodeKeyRing(stored.bytes);
  const fingerprint = keyRingFingerprint(ring, primitives.hasher);
  if (pin === undefined) await state.replace(name, encodePin({ custody: stored.custody, fingerprint, ring: stored.bytes }));
  else requireSame(pin, { custody: stored.custody, fingerprint });
  return { keys: deriveKeys(ring, primitives.hasher), custody: stored.custody, fingerprint, source: 'server' };
}

async function getOrCreateRing({ keyStore, primitives, signal }: OpenKeysOptions, pin: Pin | undefined): Promise<StoredRing> {
  const stored = await keyStore.getRing({ signal });
  if (stored !== undefined) return stored;
  if (pin !== undefined) {
    throw new BackupError('denied', 'The server has lost the keys of this account, or is another server. Nothing was sent or read.');
  }
  return await keyStore.createRing(encodeKeyRing(createKeyRing(primitives.random)), { signal });
}

function requireSame(pin: Pin, now: Pick<Pin, 'custody' | 'fingerprint'>): void {
  if (pin.custody === now.custody && pin.fingerprint === now.fingerprint) return;
  const what = pin.custody === now.custody ? 'The keys of this account have' : 'The custody of the keys of this account has';
  throw new BackupError(
    'denied',
    `${what} changed on the server, and not by this device. Nothing was sent or read. If you expect this change, sign in again.`,
    { pinned: pin.fingerprint, now: now.fingerprint },
  );
}

function pinName({ account, primitives }: OpenKeysOptions): string {
  const hash = primitives.hasher.sha256(encodeUtf8(JSON.stringify([account.url, account.name])));
  return `keys-${toHex(hash.subarray(0, 16))}.json`;
}

function encodePin({ custody, fingerprint, ring }: Pin): Uint8Array {
  return encodeUtf8(JSON.stringify({ version: pinVersion, custody, fingerprint, ring: toHex(ring) }));
}

function parsePin(bytes: Uint8Array | undefined): Pin | undefined {
  if (bytes === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(decodeUtf8(bytes));
    if (typeof value === 'object' && value !== null && 'version' in value && value.version === pinVersion) {
      const { custody, fingerprint, ring } = value as Partial<Record<string, unknown>>;
      if ((custody === 'managed' || custody === 'private') && typeof fingerprint === 'string' && typeof ring === 'string') {
        return { custody, fingerprint, ring: fromHex(ring) };
      }
    }
  } catch (cause) {
    throw new BackupError('corrupt', 'The pinned keys in the state folder cannot be read.', {}, { cause });
  }
  throw new BackupError('corrupt', 'The pinned keys in the state folder are not of this version.');
}
