import assert from 'node:assert/strict';
import { hkdfSync } from 'node:crypto';
import { describe, it } from 'node:test';
import { toHex } from '../../../base/bytes.ts';
import { createPrimitives } from '../../platform/primitives.ts';
import { seededRandom } from '../../testing/seededRandom.ts';
import { encodeCanonical } from '../canonicalCbor.ts';
import { deriveKeys } from './deriveKeys.ts';
import { createKeyRing, decodeKeyRing, encodeKeyRing, keyRingFingerprint } from './keyRing.ts';
import type { KeyRing } from './keyRing.ts';

const { hasher } = createPrimitives();
const ring = createKeyRing(seededRandom('ring'));
const key = new Uint8Array(32);

describe('key ring', () => {
  it('comes back as it was', () => {
    assert.deepEqual(decodeKeyRing(encodeKeyRing(ring)), ring);
    const rotated: KeyRing = { ...ring, sealMasters: [...ring.sealMasters, { epoch: 7, key }] };
    assert.deepEqual(decodeKeyRing(encodeKeyRing(rotated)), rotated);
  });

  it('has a fingerprint of its own', () => {
    const other = createKeyRing(seededRandom('other'));
    assert.match(keyRingFingerprint(ring, hasher), /^[0-9a-f]{64}$/);
    assert.notEqual(keyRingFingerprint(ring, hasher), keyRingFingerprint(other, hasher));
  });

  const master = [1, key];
  const refused = {
    'a later version': { v: 2, id: master, seal: [master] },
    'no version': { id: master, seal: [master] },
    'a mandatory feature': { v: 1, id: master, seal: [master], '!new': 1 },
    'no seal master': { v: 1, id: master, seal: [] },
    'epochs that fall': { v: 1, id: master, seal: [[2, key], master] },
    'an epoch twice': { v: 1, id: master, seal: [master, master] },
    'an epoch of 0': { v: 1, id: [0, key], seal: [master] },
    'a short key': { v: 1, id: [1, key.subarray(1)], seal: [master] },
    'a key with a third part': { v: 1, id: [1, key, 1], seal: [master] },
  };
  for (const [what, value] of Object.entries(refused)) {
    it(`is refused with ${what}`, () => {
      assert.throws(() => decodeKeyRing(encodeCanonical(value)), { code: 'invalid' });
    });
  }

  it('passes over what a later version adds without need', () => {
    assert.doesNotThrow(() => decodeKeyRing(encodeCanonical({ v: 1, id: master, seal: [master], note: 'x' })));
  });
});

describe('deriveKeys', () => {
  const keys = deriveKeys(ring, hasher);
  const expected = (name: string, from: Uint8Array, bytes = 32): string =>
    Buffer.from(hkdfSync('sha256', from, new Uint8Array(0), `holdfast/v1/${name}`, bytes)).toString('hex');

  it('is HKDF-SHA-256 with an info for every purpose', () => {
    const seal = ring.sealMasters[0]!.key;
    assert.equal(toHex(keys.id), expected('id', ring.idMaster.key));
    assert.equal(toHex(keys.split), expected('split', ring.idMaster.key));
    assert.equal(toHex(keys.path), expected('path', ring.idMaster.key));
    assert.equal(toHex(keys.seal(1)), expected('seal', seal));
    assert.equal(toHex(keys.snapshot(1)), expected('snapshot', seal));
  });

  it('takes the gear table from 1,024 bytes, big-endian', () => {
    const bytes = Buffer.from(expected('gear', ring.idMaster.key, 1024), 'hex');
    assert.deepEqual([...keys.gear], Array.from({ length: 256 }, (_, i) => bytes.readUInt32BE(4 * i)));
  });

  it('writes with the newest seal epoch and opens all of them', () => {
    const rotated = deriveKeys({ ...ring, sealMasters: [...ring.sealMasters, { epoch: 5, key }] }, hasher);
    assert.equal(rotated.epoch, 5);
    assert.deepEqual(rotated.seal(1), keys.seal(1));
    assert.notDeepEqual(rotated.seal(5), keys.seal(1));
    assert.deepEqual(rotated.id, keys.id);
  });

  it('says when the ring lacks an epoch', () => {
    assert.throws(() => keys.seal(2), { code: 'denied' });
    assert.throws(() => keys.snapshot(2), { code: 'denied' });
  });
});
