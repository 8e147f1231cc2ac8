import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { PathId, SnapshotId, TreeId } from '../../../protocol/ids.ts';
import { changedPathsMax, pathBytesMax, pathRowsMax, snapshotSealedBytesMax, warningsMax } from '../../../protocol/limits.ts';
import { sampleDetails, sampleHeader } from '../../testing/formatSamples.ts';
import { testContext } from '../../testing/testContext.ts';
import type { BytePath } from '../byteString.ts';
import { encodeCanonical } from '../canonicalCbor.ts';
import type { CborValue } from '../canonicalCbor.ts';
import { encodeSnapshot, openSnapshotDetails, stubOf } from './encodeSnapshot.ts';
import { decodePathRows, encodePathRows } from './pathRows.ts';
import { decodeSnapshotHeader } from './snapshotHeader.ts';
import { decodeSnapshotRecord, encodeSnapshotRecord } from './snapshotRecord.ts';
import { changeKinds, triggers, warningKinds } from './snapshotTypes.ts';
import type { PathRow } from './snapshotTypes.ts';

const context = testContext();
const { hasher } = context;

const [header, details] = [sampleHeader, sampleDetails];

describe('snapshots', () => {
  it('come back as they were', () => {
    const record = encodeSnapshot(header, details, context);
    assert.deepEqual(decodeSnapshotHeader(record.header), { ...header, epoch: 1 });
    assert.deepEqual(openSnapshotDetails(record, context), details);
  });

  it('come back with every trigger, first in a lane or not, whole or partial, with much or little to say', () => {
    const names = Object.keys(triggers) as (keyof typeof triggers)[];
    for (const [i, trigger] of names.entries()) {
      const first = { ...header, trigger, n: 1, prev: undefined, parents: [], partial: i % 2 === 0 };
      const short = { ...details, message: undefined, git: undefined, warnings: [], changed: [], warningsTotal: 0 };
      const record = encodeSnapshot(first, short, context);
      assert.deepEqual(decodeSnapshotHeader(record.header), { ...first, epoch: 1 });
      assert.deepEqual(openSnapshotDetails(record, context), short);
    }
  });

  it('keep every kind of warning and change', () => {
    const kinds = Object.keys(changeKinds) as (keyof typeof changeKinds)[];
    const full = {
      ...details,
      warnings: warningKinds.map((kind) => ({ path: kind as string as BytePath, kind })),
      warningsTotal: 500,
      changed: kinds.map((kind) => ({ path: kind as string as BytePath, kind })),
    };
    assert.deepEqual(openSnapshotDetails(encodeSnapshot(header, full, context), context), full);
  });

  it('fit their bound however much there is to say, and count what they leave out', () => {
    const path = 'x'.repeat(pathBytesMax) as BytePath;
    const many = {
      ...details,
      message: '\u{1f600}'.repeat(20_000),
      folder: '\ud800'.repeat(20_000),
      warnings: Array.from({ length: 5000 }, () => ({ path, kind: 'locked' as const })),
      warningsTotal: 5000,
      changed: Array.from({ length: 5000 }, () => ({ path, kind: 'add' as const })),
    };
    const record = encodeSnapshot(header, many, context);
    assert.ok(record.sealed!.length < snapshotSealedBytesMax);
    const opened = openSnapshotDetails(record, context);
    assert.equal(opened.warningsTotal, 5000);
    assert.ok(opened.warnings.length > 10 && opened.changed.length > 10);
    const short = { ...many, warnings: many.warnings.map((w) => ({ ...w, path: 'p' as BytePath })), changed: [] };
    assert.equal(openSnapshotDetails(encodeSnapshot(header, short, context), context).warnings.length, warningsMax);
    assert.ok(changedPathsMax > 0);
  });

  it('bind the details to the header', () => {
    const record = encodeSnapshot(header, details, context);
    const other = encodeSnapshot({ ...header, time: 1 }, details, context);
    assert.throws(() => openSnapshotDetails({ ...record, sealed: other.sealed }, context), { code: 'corrupt' });
    assert.throws(() => openSnapshotDetails(record, testContext('stranger')), { code: 'corrupt' });
    for (let length = 0; length < record.sealed!.length; length++) {
      const cut = { ...record, sealed: record.sealed!.subarray(0, length) };
      assert.throws(() => openSnapshotDetails(cut, context), { code: 'corrupt' });
    }
  });

  it('travel whole and as stubs under one id', () => {
    const record = encodeSnapshot(header, details, context);
    assert.deepEqual(decodeSnapshotRecord(encodeSnapshotRecord(record), hasher, record.id), record);
    const stub = stubOf(record);
    assert.deepEqual(decodeSnapshotRecord(encodeSnapshotRecord(stub), hasher, record.id), stub);
    assert.ok(encodeSnapshotRecord(stub).length < 450);
    assert.throws(() => openSnapshotDetails(stub, context), { code: 'not-found' });
  });

  it('are another snapshot with any byte changed, or none', () => {
    const record = encodeSnapshot(header, details, context);
    for (const bytes of [encodeSnapshotRecord(record), encodeSnapshotRecord(stubOf(record))]) {
      for (let at = 0; at < bytes.length; at++) {
        const altered = bytes.slice();
        altered[at]! ^= 1 << at % 8;
        assert.throws(() => decodeSnapshotRecord(altered, hasher, record.id), isTyped, `byte ${at}`);
        assert.throws(() => decodeSnapshotRecord(bytes.subarray(0, at), hasher), { code: 'invalid' });
      }
    }
  });

  it('refuse to be made of what no reader would take', () => {
    for (const bad of [
      { n: 0 },
      { n: 1 },
      { n: 1.5 },
      { n: 2, prev: undefined },
      { time: -1 },
      { rowsHash: new Uint8Array(31) },
      { root: '05' as TreeId },
      { parents: Array.from({ length: 9 }, (_, i) => `0${i}`.repeat(32) as SnapshotId) },
      { parents: [header.parents[0]!, header.parents[0]!] },
    ]) {
      assert.throws(() => encodeSnapshot({ ...header, ...bad }, details, context), { code: 'invalid' });
    }
  });
});

describe('decodeSnapshotHeader', () => {
  const good: Readonly<Record<string, CborValue>> = {
    v: 1,
    workspace: new Uint8Array(16),
    lane: new Uint8Array(16),
    n: 1,
    prev: null,
    parents: [],
    root: new Uint8Array(24),
    trigger: 1,
    flags: 0,
    device: new Uint8Array(16),
    time: 0,
    epoch: 1,
    rows: new Uint8Array(32),
  };

  it('takes the plainest header', () => assert.doesNotThrow(() => decodeSnapshotHeader(encodeCanonical(good))));

  it('passes over what a later version adds without need', () => {
    assert.doesNotThrow(() => decodeSnapshotHeader(encodeCanonical({ ...good, flags: 0x100, note: 'x' })));
  });

  const later = { 'a later version': { v: 2 }, 'unknown flags': { flags: 2 }, 'a mandatory key': { '!x': 1 }, 'an unknown trigger': { trigger: 99 } };
  for (const [what, change] of Object.entries(later)) {
    it(`says that ${what} needs a newer Holdfast`, () => {
      assert.throws(() => decodeSnapshotHeader(encodeCanonical({ ...good, ...change })), { code: 'invalid', message: /newer version of Holdfast/ });
    });
  }

  for (const key of Object.keys(good)) {
    it(`refuses a header without ${key} or with something else there`, () => {
      const { [key]: _, ...rest } = good;
      for (const header of [rest, { ...good, [key]: 'text' }, { ...good, [key]: 1.5 }, { ...good, [key]: [1] }]) {
        assert.throws(() => decodeSnapshotHeader(encodeCanonical(header)), { code: 'invalid' });
      }
    });
  }

  it('refuses a header that is too large', () => {
    assert.throws(() => decodeSnapshotHeader(encodeCanonical({ ...good, note: 'x'.repeat(3000) })), { code: 'invalid' });
  });
});

describe('path rows', () => {
  const ids = fc.constantFrom(...['a', 'b', 'c'].map((digit) => digit.repeat(48) as PathId));
  const plain = fc.constantFrom(...(['add', 'modify', 'meta', 'delete', 'below'] as const));
  const row: fc.Arbitrary<PathRow> = fc.oneof(
    fc.record({ path: ids, kind: plain, from: fc.constant(undefined) }),
    fc.record({ path: ids, kind: fc.constant('moved-from' as const), from: ids }),
  );

  it('come back sorted and each once', () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 30 }), (rows) => {
        const bytes = encodePathRows(rows);
        const decoded = decodePathRows(bytes);
        const texts = (list: readonly PathRow[]): string[] => list.map(({ path, kind, from }) => `${path}${changeKinds[kind]}${from ?? ''}`);
        assert.deepEqual(texts(decoded), [...new Set(texts(rows))].sort());
        assert.deepEqual(encodePathRows(decoded.toReversed()), bytes);
      }),
    );
  });

  it('are bounded', () => {
    const rows = Array.from({ length: pathRowsMax + 1 }, (_, i): PathRow => ({
      path: String(i).padStart(48, '0') as PathId,
      kind: 'add',
      from: undefined,
    }));
    assert.equal(decodePathRows(encodePathRows(rows.slice(1))).length, pathRowsMax);
    assert.throws(() => encodePathRows(rows), { code: 'limit' });
  });

  it('are refused when cut, unsorted, repeated, of an unknown kind, or with a former path where none can be', () => {
    const [a, b] = ['a', 'b'].map((digit) => encodePathRows([{ path: digit.repeat(48) as PathId, kind: 'add', from: undefined }])) as [Uint8Array, Uint8Array];
    for (const bad of [
      a.subarray(1),
      Buffer.concat([b, a]),
      Buffer.concat([a, a]),
      Uint8Array.of(9, ...a.subarray(1)),
      Uint8Array.of(5, ...a.subarray(1)),
      Uint8Array.of(...a.subarray(0, 48), 1),
      new Uint8Array(49 * (pathRowsMax + 1)),
    ]) {
      assert.throws(() => decodePathRows(bad), { code: 'invalid' });
    }
    assert.throws(() => encodePathRows([{ path: 'a'.repeat(48) as PathId, kind: 'moved-from', from: undefined }]), { code: 'invalid' });
  });

  it('make no bytes of nothing', () => {
    assert.equal(encodePathRows([]).length, 0);
    assert.deepEqual(decodePathRows(new Uint8Array(0)), []);
  });
});

function isTyped(error: unknown): boolean {
  const { code } = error as { readonly code: string };
  return code === 'invalid' || code === 'corrupt';
}
