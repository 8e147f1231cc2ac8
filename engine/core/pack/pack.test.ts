import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import JSZip from 'jszip';
import { concatBytes } from '../../../base/bytes.ts';
import { packBytesMax, packEntriesMax } from '../../../protocol/limits.ts';
import { createPrimitives } from '../../platform/primitives.ts';
import { decodePack, encodePack, packEndBytes, packEntryOverheadBytes, packId } from './pack.ts';

const { hasher } = createPrimitives();
const segments = [Uint8Array.of(1, 2, 3), new Uint8Array(300).fill(9), Uint8Array.of(4)];

describe('packs', () => {
  it('come back as they were, to our reader and to JSZip', async () => {
    const property = fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 2000 }), { maxLength: 30 }), async (parts) => {
      const plain = parts.map((part) => new Uint8Array(part));
      const pack = await encodePack(plain, hasher);
      assert.deepEqual(decodePack(pack.bytes), plain);
      const zip = await JSZip.loadAsync(pack.bytes, { checkCRC32: true });
      assert.deepEqual(Object.keys(zip.files), plain.map((_, i) => `s/${i}`));
      for (const [i, part] of plain.entries()) assert.deepEqual(await zip.file(`s/${i}`)!.async('uint8array'), part);
    });
    await fc.assert(property, { numRuns: 40 });
  });

  it('are the same bytes for the same segments, named by their SHA-256', async () => {
    const [one, two] = [await encodePack(segments, hasher), await encodePack(segments, hasher)];
    assert.deepEqual(one, two);
    assert.equal(one.id, packId(one.bytes, hasher));
    assert.equal(one.id, Buffer.from(hasher.sha256(one.bytes)).toString('hex'));
  });

  it('weigh what the overhead says, at most', async () => {
    const { bytes } = await encodePack(segments, hasher);
    const content = segments.reduce((sum, { length }) => sum + length, 0);
    assert.ok(bytes.length <= content + segments.length * packEntryOverheadBytes + packEndBytes);
  });

  it('stay within the bounds', async () => {
    const many = Array.from({ length: packEntriesMax + 1 }, () => new Uint8Array(0));
    await assert.rejects(encodePack(many, hasher), { code: 'limit' });
    assert.equal(decodePack((await encodePack(many.slice(1), hasher)).bytes).length, packEntriesMax);
    const large = Array.from({ length: 5 }, () => new Uint8Array(packBytesMax / 4));
    await assert.rejects(encodePack(large, hasher), { code: 'limit' });
    assert.throws(() => decodePack(new Uint8Array(packBytesMax + 1)), { code: 'invalid' });
  });

  it('are refused when cut or lengthened at any byte', async () => {
    const { bytes } = await encodePack(segments, hasher);
    for (let length = 0; length < bytes.length; length++) {
      assert.throws(() => decodePack(bytes.subarray(0, length)), { code: 'invalid' }, `${length}`);
    }
    for (const extra of [new Uint8Array(1), Uint8Array.of(0x50, 0x4b)]) {
      assert.throws(() => decodePack(concatBytes([bytes, extra])), { code: 'invalid' });
      assert.throws(() => decodePack(concatBytes([extra, bytes])), { code: 'invalid' });
    }
  });

  it('never come apart differently than JSZip sees them, whatever single byte changes', async () => {
    const { bytes } = await encodePack(segments, hasher);
    for (let at = 0; at < bytes.length; at++) {
      for (const bit of [0x01, 0x80, 0x08]) {
        const altered = bytes.slice();
        altered[at]! ^= bit;
        await checkAgainstOracle(altered);
      }
    }
  });

  const otherZips: Readonly<Record<string, (zip: JSZip) => Promise<Uint8Array>>> = {
    'another name': async (zip) => write(zip.file('x/0', 'a')),
    'a number too many': async (zip) => write(zip.file('s/1', 'a')),
    'a leading zero': async (zip) => write(zip.file('s/0', 'a').file('s/01', 'b')),
    'entries out of order': async (zip) => write(zip.file('s/1', 'a').file('s/0', 'b')),
    'a folder': async (zip) => write(zip.file('s/', null as never, { dir: true }).file('s/0', 'a')),
    'compressed entries': async (zip) =>
      zip.file('s/0', 'a'.repeat(100), { createFolders: false }).generateAsync({ type: 'uint8array', compression: 'DEFLATE' }),
    'data descriptors': async (zip) =>
      zip.file('s/0', 'a', { createFolders: false }).generateAsync({ type: 'uint8array', streamFiles: true }),
    'a comment': async (zip) =>
      zip.file('s/0', 'a', { createFolders: false }).generateAsync({ type: 'uint8array', comment: 'hello' }),
    'a comment on an entry': async (zip) => write(zip.file('s/0', 'a', { createFolders: false, comment: 'hello' })),
    'a name in Unicode': async (zip) => write(zip.file('s/０', 'a', { createFolders: false })),
  };
  for (const [what, make] of Object.entries(otherZips)) {
    it(`are refused with ${what}`, async () => {
      const bytes = await make(new JSZip());
      assert.throws(() => decodePack(bytes), { code: 'invalid' });
    });
  }

  it('are refused when headers overlap, lie about sizes or claim more entries', async () => {
    const { bytes } = await encodePack([Uint8Array.of(1, 2, 3, 4)], hasher);
    const end = bytes.length - packEndBytes;
    const patches: readonly (readonly [number, readonly number[]])[] = [
      [18, [3]], // compressed size of the local header
      [22, [3]], // size of the local header
      [18, [255, 255, 255, 255, 255, 255, 255, 255]],
      [26, [255, 255]], // length of the name
      [28, [1]], // length of the extra field
      [6, [1]], // encrypted
      [6, [8]], // data descriptor
      [4, [45]], // ZIP64
      [end + 8, [2, 0, 2, 0]], // entries
      [end + 8, [255, 255, 255, 255]],
      [end + 12, [255, 255, 255, 255]], // bytes of the directory
      [end + 16, [0, 0, 0, 0]], // where it is
      [end + 20, [1, 0]], // comment
    ];
    for (const [at, values] of patches) {
      const patched = bytes.slice();
      patched.set(values, at);
      assert.throws(() => decodePack(patched), { code: 'invalid' }, `${at}: ${values.join()}`);
    }
  });
});

/** What our reader takes, JSZip must take too, and see the same. */
async function checkAgainstOracle(bytes: Uint8Array): Promise<void> {
  let ours: readonly Uint8Array[];
  try {
    ours = decodePack(bytes);
  } catch (error) {
    assert.equal((error as { readonly code: string }).code, 'invalid');
    return;
  }
  const zip = await JSZip.loadAsync(bytes);
  assert.equal(Object.keys(zip.files).length, ours.length);
  for (const [i, content] of ours.entries()) {
    const entry = zip.file(`s/${i}`);
    // JSZip takes an entry with the folder attribute for a folder, and checks the CRC, which is not ours to check.
    if (entry === null) continue;
    const seen = await entry.async('uint8array').catch((error: unknown) => error);
    if (!(seen instanceof Error)) assert.deepEqual(seen, new Uint8Array(content));
  }
}

async function write(zip: JSZip): Promise<Uint8Array> {
  return zip.generateAsync({ type: 'uint8array', compression: 'STORE' });
}
