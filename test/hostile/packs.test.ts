import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { deflateRawSync, crc32 } from 'node:zlib';
import { concatBytes } from '../../base/bytes.ts';
import { packBytesMax } from '../../protocol/limits.ts';
import { encodeSegmentHeader } from '../../engine/core/segment/segmentHeader.ts';
import type { SegmentHeader } from '../../engine/core/segment/segmentTypes.ts';
import { checkRefused, form, HostileWorld, sha256 } from './hostileWorld.ts';

describe('hostile packs', () => {
  let world: HostileWorld;
  before(async () => {
    world = await HostileWorld.open();
  });
  afterEach(() => world.stillServes());
  after(() => world.close());

  test('cut at every byte: refused each time, nothing of it stored, and the whole one then taken', async () => {
    const chunk = world.world.chunk('cut');
    const { bytes } = await world.world.pack(chunk);
    for (let length = 0; length < bytes.length; length++) {
      checkRefused(await world.postPack(bytes.subarray(0, length)), [400], String(length));
    }
    assert.deepEqual(await world.world.isMissing(world.mallory, chunk.id), [true]);
    assert.equal((await world.postPack(bytes)).status, 204);
    assert.deepEqual(await world.world.isMissing(world.mallory, chunk.id), [false]);
  });

  test('under another name than their hash: corrupt', async () => {
    const { bytes } = await world.world.pack(world.world.chunk('named'));
    for (const name of ['x.zip', `${'0'.repeat(64)}.zip`, sha256(bytes), `../${sha256(bytes)}`, '']) {
      checkRefused(await world.postPack(bytes, name), [422, 400], name);
    }
  });

  const zips: Readonly<Record<string, () => Uint8Array>> = {
    'a bomb: a deflated entry of 64 MiB': () => zip({ name: 's/0', content: deflateRawSync(Buffer.alloc(64 * 2 ** 20)), size: 64 * 2 ** 20, method: 8 }),
    'a bomb that says it is stored': () => zip({ name: 's/0', content: deflateRawSync(Buffer.alloc(2 ** 20)), size: 2 ** 20 }),
    'a size of 4 GiB': () => zip({ name: 's/0', content: Buffer.from('x'), size: 0xffff_ffff }),
    'a name that climbs': () => zip({ name: '../../s/0', content: Buffer.from('x') }),
    'an absolute name': () => zip({ name: '/etc/passwd', content: Buffer.from('x') }),
    'a name of Windows': () => zip({ name: 'C:\\x', content: Buffer.from('x') }),
    'an encrypted entry': () => zip({ name: 's/0', content: Buffer.from('x'), flags: 1 }),
    'a count of entries that are not there': () => zip({ name: 's/0', content: Buffer.from('x'), count: 0xffff }),
    'bytes before the first entry': () => concatBytes([Buffer.alloc(100), zip({ name: 's/0', content: Buffer.from('x') })]),
    'nothing but zeros': () => new Uint8Array(1_000),
  };
  test('made by hand, and right: taken', async () => {
    const content = await world.world.segment(world.world.chunk('by hand'));
    assert.equal((await world.postPack(zip({ name: 's/0', content }))).status, 204);
  });

  for (const [what, make] of Object.entries(zips)) {
    test(`with ${what}: refused`, async () => checkRefused(await world.postPack(make()), [400], what));
  }

  test('too large, by a part and by the whole: refused', async () => {
    checkRefused(await world.postPack(new Uint8Array(packBytesMax + 1)), [413]);
    const part = { name: 'pack', bytes: new Uint8Array(packBytesMax / 2) };
    checkRefused(await world.post('/packs', form(part, part, part)), [413]);
  });

  const id = (n: number): never => n.toString(16).padStart(48, '0') as never;
  const honest: Omit<SegmentHeader, 'headerBytes'> = {
    content: 'trees',
    codec: 'stored',
    epoch: 1,
    salt: new Uint8Array(32),
    plainBytes: 100,
    storedBytes: 116,
    objects: [{ kind: 'tree', id: id(1), children: [id(2), id(3)] }, { kind: 'list', id: id(4), children: [id(5)] }],
  };
  const headers: Readonly<Record<string, Partial<SegmentHeader>>> = {
    'data with trees in it': { content: 'data' },
    'trees with a chunk among them': { objects: [...honest.objects, { kind: 'chunk', id: id(9), children: [] }] },
    'an object twice': { objects: [...honest.objects, honest.objects[0]!] },
    'a child twice': { objects: [{ kind: 'tree', id: id(1), children: [id(2), id(2)] }] },
    'no objects': { objects: [] },
    'a plaintext beyond the bound': { codec: 'zstd', plainBytes: 0xffff_ffff },
    'a plaintext shorter than its objects': { plainBytes: 9, storedBytes: 25 },
    'a stored length beyond what is there': { plainBytes: 101, storedBytes: 117 },
    'a stored length of 4 GiB': { plainBytes: 4_000_000, storedBytes: 0xffff_ffff, codec: 'zstd' },
    'compressed bytes that did not get fewer': { codec: 'zstd', storedBytes: 116 },
    'epoch 0': { epoch: 0 },
  };
  for (const [what, lie] of Object.entries(headers)) {
    test(`with a segment of ${what}: refused, and nothing of it stored`, async () => {
      const segment = concatBytes([encodeSegmentHeader({ ...honest, ...lie }), new Uint8Array(honest.storedBytes)]);
      const { bytes } = await world.world.packOf(await world.world.segment(world.world.chunk(what)), segment);
      checkRefused(await world.postPack(bytes), [400], what);
      assert.deepEqual(await world.world.isMissing(world.mallory, world.world.chunk(what).id, id(1), id(4)), [true, true, true]);
    });
  }

  test('with counts of objects and of children that are not there: refused at every value that is too high', async () => {
    const segment = concatBytes([encodeSegmentHeader(honest), new Uint8Array(honest.storedBytes)]);
    const countAt = 52;
    for (const [at, width] of [[countAt, 4], [countAt + 4 + 25, 2]] as const) {
      for (const high of [[0, 0, 0, 200], [0, 0, 64, 1], [255, 255, 255, 255]]) {
        const lying = segment.slice();
        lying.set(high.slice(4 - width), at);
        checkRefused(await world.postPack((await world.world.packOf(lying)).bytes), [400], `${at} ${high.join()}`);
      }
    }
  });
});

interface ZipEntry {
  readonly name: string;
  readonly content: Uint8Array;
  readonly size?: number;
  readonly method?: number;
  readonly flags?: number;
  readonly count?: number;
}

/** A ZIP of one entry, with whatever it says of itself. */
function zip({ name, content, size = content.length, method = 0, flags = 0, count = 1 }: ZipEntry): Uint8Array {
  const common = Buffer.alloc(26);
  common.writeUInt16LE(20, 0);
  common.writeUInt16LE(flags, 2);
  common.writeUInt16LE(method, 4);
  common.writeUInt32LE(crc32(content), 10);
  common.writeUInt32LE(method === 0 ? size : content.length, 14);
  common.writeUInt32LE(size, 18);
  common.writeUInt16LE(name.length, 22);
  const local = Buffer.concat([Buffer.from('PK\u0003\u0004'), common, Buffer.from(name), content]);
  const central = Buffer.concat([Buffer.from('PK\u0001\u0002'), Buffer.from([20, 0]), common, Buffer.alloc(14), Buffer.from(name)]);
  const end = Buffer.alloc(22);
  end.write('PK\u0005\u0006', 'latin1');
  end.writeUInt16LE(count, 8);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(local.length, 16);
  return Buffer.concat([local, central, end]);
}
