import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  ByteReader,
  ByteWriter,
  compareBytes,
  concatBytes,
  decodeUtf8,
  encodeUtf8,
  equalBytes,
  fromHex,
  toHex,
} from './bytes.ts';
import { isBackupError } from './errors.ts';

const invalid = (error: unknown): boolean => isBackupError(error, 'invalid');

test('hex and bytes turn into each other', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      assert.equal(toHex(bytes), Buffer.from(bytes).toString('hex'));
      assert.deepEqual(fromHex(toHex(bytes)), Uint8Array.from(bytes));
    }),
  );
});

test('hex of many bytes is whole, around every length that is made piece by piece', () => {
  for (const length of [2_047, 2_048, 2_049, 4_096, 100_000]) {
    const bytes = Uint8Array.from({ length }, (_, i) => i * 7);
    assert.equal(toHex(bytes), Buffer.from(bytes).toString('hex'));
  }
});

test('hex refuses odd length, upper case and other letters', () => {
  for (const text of ['a', 'AB', 'zz', '0g', ' 00']) assert.throws(() => fromHex(text), invalid);
});

test('bytes compare as Buffer.compare does', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
      assert.equal(Math.sign(compareBytes(a, b)), Buffer.compare(a, b));
      assert.equal(equalBytes(a, b), Buffer.compare(a, b) === 0);
    }),
  );
});

test('joined parts keep order and length', () => {
  assert.deepEqual(concatBytes([Uint8Array.of(1), Uint8Array.of(), Uint8Array.of(2, 3)]), Uint8Array.of(1, 2, 3));
});

test('UTF-8 is refused when it is not', () => {
  assert.equal(decodeUtf8(encodeUtf8('ünï')), 'ünï');
  assert.throws(() => decodeUtf8(Uint8Array.of(0xff)), invalid);
});

test('a reader gives back what a writer wrote, across its growth', () => {
  const writer = new ByteWriter(1);
  writer.u8(7).u16(0x1234).u32(0xdeadbeef).bytes(Uint8Array.of(9, 8));
  const reader = new ByteReader(writer.written(), 'thing');
  assert.deepEqual([reader.u8(), reader.u16(), reader.u32()], [7, 0x1234, 0xdeadbeef]);
  assert.deepEqual(Uint8Array.from(reader.bytes(2)), Uint8Array.of(9, 8));
  reader.finish();
});

test('a reader never goes past the end, whatever the length says', () => {
  for (const length of [2, 0xffff_ffff, Number.MAX_SAFE_INTEGER]) {
    assert.throws(() => new ByteReader(Uint8Array.of(1), 'thing').bytes(length), invalid);
  }
  assert.throws(() => new ByteReader(new Uint8Array(3), 'thing').u32(), invalid);
  assert.throws(() => new ByteReader(new Uint8Array(1), 'thing').finish(), invalid);
});

test('a reader of a view reads the view, not its buffer', () => {
  const whole = Uint8Array.of(1, 2, 3, 4);
  const reader = new ByteReader(whole.subarray(1, 3), 'thing');
  assert.equal(reader.u16(), 0x0203);
  assert.throws(() => reader.u8(), invalid);
});
