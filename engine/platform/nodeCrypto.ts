import { createCipheriv, createDecipheriv, createHash, createHmac, hash } from 'node:crypto';
import { BackupError } from '../../base/errors.ts';
import type { Hasher, Sealer } from '../ports/primitives.ts';

const tagBytes = 16;
/** Right only because no key is ever used twice (docs/format.md § Segments). */
const zeroNonce = new Uint8Array(12);

/** SHA-256 and HMAC-SHA-256 of node:crypto. */
export const nodeHasher: Hasher = {
  sha256(...parts) {
    if (parts.length === 1) return plainBytes(hash('sha256', parts[0]!, 'buffer'));
    const running = createHash('sha256');
    for (const part of parts) running.update(part);
    return plainBytes(running.digest());
  },
  hmacSha256(key, ...parts) {
    let bytes = 0;
    for (const part of parts) bytes += part.length;
    if (bytes <= oneShotBytesMax && key.length <= blockBytes) return shortHmac(key, { parts, bytes });
    const running = createHmac('sha256', key);
    for (const part of parts) running.update(part);
    return plainBytes(running.digest());
  },
};

/** RFC 2104 in two calls: `createHmac` makes a key object first, which takes ten times as long as hashing a tree node. */
function shortHmac(key: Uint8Array, { parts, bytes }: { readonly parts: readonly Uint8Array[]; readonly bytes: number }): Uint8Array {
  const inner = new Uint8Array(blockBytes + bytes).fill(innerPad, 0, blockBytes);
  const outer = new Uint8Array(blockBytes + hashBytes).fill(outerPad, 0, blockBytes);
  for (let i = 0; i < key.length; i++) {
    inner[i]! ^= key[i]!;
    outer[i]! ^= key[i]!;
  }
  let at = blockBytes;
  for (const part of parts) {
    inner.set(part, at);
    at += part.length;
  }
  outer.set(hash('sha256', inner, 'buffer'), blockBytes);
  return plainBytes(hash('sha256', outer, 'buffer'));
}

const blockBytes = 64;
const hashBytes = 32;
const innerPad = 0x36;
const outerPad = 0x5c;
/** What is copied to be hashed in one call. */
const oneShotBytesMax = 16 * 1024;

/** AES-256-GCM of node:crypto. */
export const nodeSealer: Sealer = {
  seal(key, aad, plaintext) {
    const cipher = createCipheriv('aes-256-gcm', key, zeroNonce);
    cipher.setAAD(aad);
    const sealed = new Uint8Array(plaintext.length + tagBytes);
    sealed.set(cipher.update(plaintext));
    cipher.final();
    sealed.set(cipher.getAuthTag(), plaintext.length);
    return sealed;
  },
  open(key, aad, sealed) {
    if (sealed.length < tagBytes) throw new BackupError('corrupt', 'Sealed bytes are shorter than their tag.');
    const decipher = createDecipheriv('aes-256-gcm', key, zeroNonce, { authTagLength: tagBytes });
    decipher.setAAD(aad);
    decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes));
    const plaintext = decipher.update(sealed.subarray(0, sealed.length - tagBytes));
    try {
      decipher.final();
    } catch (cause) {
      throw new BackupError('corrupt', 'Sealed bytes do not belong to this key and header.', {}, { cause });
    }
    return plainBytes(plaintext);
  },
};

/** The same memory without Buffer's ways: `slice` of a Buffer is a view, that of a Uint8Array a copy. */
function plainBytes(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}
