import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fromHex, toHex } from '../../base/bytes.ts';
import { isBackupError } from '../../base/errors.ts';
import type { CodecName } from '../core/segment/codec.ts';
import { nodeCompressor } from './nodeCompressor.ts';
import { createPrimitives } from './primitives.ts';

const { hasher, sealer, compressor, random } = createPrimitives();
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const codecs = ['stored', 'zstd', 'deflate'] as const satisfies readonly CodecName[];
const readers = { native: compressor, fallback: nodeCompressor({ zstd: 'absent' }) };
const corrupt = (error: unknown): boolean => isBackupError(error, 'corrupt');

test('hashes the published vectors, in one part or several', () => {
  const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
  assert.equal(toHex(hasher.sha256(text('abc'))), abc);
  assert.equal(toHex(hasher.sha256(text('a'), text(''), text('bc'))), abc);
  const jefe = '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843'; // RFC 4231, case 2
  assert.equal(toHex(hasher.hmacSha256(text('Jefe'), text('what do ya want '), text('for nothing?'))), jefe);
});

test('seals as the published vector of AES-256-GCM with a zero nonce', () => {
  const sealed = sealer.seal(new Uint8Array(32), new Uint8Array(0), new Uint8Array(16)); // GCM specification, case 14
  assert.equal(toHex(sealed), 'cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919');
});

test('opens what it sealed and nothing that was touched', () => {
  const key = random.bytes(32);
  const aad = text('header');
  const sealed = sealer.seal(key, aad, text('content'));
  assert.deepEqual(sealer.open(key, aad, sealed), text('content'));
  assert.throws(() => sealer.open(random.bytes(32), aad, sealed), corrupt);
  assert.throws(() => sealer.open(key, text('Header'), sealed), corrupt);
  for (let i = 0; i < sealed.length; i++) {
    const touched = sealed.slice();
    touched[i]! ^= 1;
    assert.throws(() => sealer.open(key, aad, touched), corrupt);
    assert.throws(() => sealer.open(key, aad, sealed.subarray(0, i)), corrupt);
  }
});

test('decompresses what it compressed, by every codec and every reader', async () => {
  const piece = fc.uint8Array({ maxLength: 300 });
  const repeated = fc.tuple(piece, fc.nat(2_000)).map(([bytes, times]) => new Uint8Array(Array.from({ length: times }, () => [...bytes]).flat().slice(0, 200_000)));
  await fc.assert(
    fc.asyncProperty(fc.oneof(piece, repeated), fc.constantFrom(...codecs), async (bytes, codec) => {
      const compressed = await compressor.compress(codec, bytes);
      for (const reader of Object.values(readers)) {
        assert.deepEqual(await reader.decompress(codec, compressed, bytes.length), bytes);
        if (bytes.length > 0) await assert.rejects(reader.decompress(codec, compressed, bytes.length - 1), corrupt);
      }
    }),
    { numRuns: 60 },
  );
});

test('refuses bytes cut at any place, and bytes that follow', async () => {
  const bytes = text('some text, some more text, and some text again. '.repeat(30));
  const zstd = await compressor.compress('zstd', bytes);
  const deflate = await compressor.compress('deflate', bytes);
  for (const reader of Object.values(readers)) {
    for (let cut = 0; cut < zstd.length; cut++) await assert.rejects(reader.decompress('zstd', zstd.subarray(0, cut), 9_999), corrupt);
    for (let cut = 0; cut < deflate.length; cut++) await assert.rejects(reader.decompress('deflate', deflate.subarray(0, cut), 9_999), corrupt);
    await assert.rejects(reader.decompress('zstd', new Uint8Array([...zstd, ...zstd]), 9_999), corrupt);
  }
});

test('answers random bytes with an error, never with a crash', async () => {
  const frame = fc.uint8Array({ maxLength: 60 }).map((bytes) => new Uint8Array([...fromHex('28b52ffd'), ...bytes]));
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.uint8Array(), frame), fc.constantFrom('zstd', 'deflate'), async (bytes, codec) => {
      for (const reader of Object.values(readers)) {
        await reader.decompress(codec, bytes, 4_096).then(
          (answer) => assert.ok(answer.length <= 4_096),
          (error: unknown) => assert.ok(corrupt(error)),
        );
      }
    }),
  );
});

test('a bomb stops at the bound', async () => {
  const zeros = new Uint8Array(64 * 1024 * 1024);
  for (const codec of ['zstd', 'deflate'] as const) {
    const bomb = await compressor.compress(codec, zeros);
    for (const reader of Object.values(readers)) await assert.rejects(reader.decompress(codec, bomb, 1_000_000), corrupt);
  }
});

test('a runtime without zstd writes deflate', async () => {
  assert.equal(readers.fallback.preferred, 'deflate');
  await assert.rejects(readers.fallback.compress('zstd', text('x')), (error) => isBackupError(error, 'invalid'));
});
