import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { BackupError, errorCodes, isBackupError } from '../../base/errors.ts';
import { formatConnectionLine, parseConnectionLine, parseFingerprint } from '../connectionLine.ts';
import { missingIdsMax } from '../limits.ts';
import type { ObjectId } from '../ids.ts';
import * as account from './account.ts';
import { base64, flag, integer, list, oneOf, parseFields, text } from './fields.ts';
import * as names from './names.ts';
import { decodeBitmap, decodeIds, encodeBitmap, encodeIds, parseFetchRequest } from './objects.ts';
import { codeOfStatus, parseProblem, problemOf, statusOf } from './problem.ts';
import * as snapshots from './snapshots.ts';
import * as workspaces from './workspaces.ts';

function invalid(parse: () => unknown): void {
  assert.throws(parse, (error) => isBackupError(error, 'invalid'));
}

const hex = (bytes: number): fc.Arbitrary<string> =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((one) => Buffer.from(one).toString('hex'));

describe('parsers of messages', () => {
  const parsers: Readonly<Record<string, (value: unknown) => unknown>> = {
    health: account.parseHealthAnswer,
    login: account.parseLoginRequest,
    loginAnswer: account.parseLoginAnswer,
    account: account.parseAccountAnswer,
    changePassword: account.parseChangePasswordRequest,
    devices: account.parseDevicesAnswer,
    createRing: account.parseCreateRingRequest,
    ring: account.parseRingAnswer,
    fetch: parseFetchRequest,
    problem: parseProblem,
    advance: snapshots.parseAdvance,
    commit: snapshots.parseCommitAnswer,
    snapshots: snapshots.parseSnapshotsAnswer,
    history: snapshots.parseHistoryRequest,
    historyAnswer: snapshots.parseHistoryAnswer,
    snapshotsQuery: snapshots.parseSnapshotsQuery,
    prefixQuery: snapshots.parsePrefixQuery,
    workspaces: workspaces.parseWorkspacesAnswer,
    createWorkspace: workspaces.parseCreateWorkspaceRequest,
    lanes: workspaces.parseLanesAnswer,
    createLane: workspaces.parseCreateLaneRequest,
  };
  const fieldNames = ['name', 'password', 'device', 'kind', 'ids', 'snapshots', 'lanes', 'ring', 'bytes', 'ref', 'limit', 'id', '__proto__'];
  const value = fc.oneof(fc.jsonValue(), fc.dictionary(fc.constantFrom(...fieldNames), fc.jsonValue()));
  for (const [name, parse] of Object.entries(parsers)) {
    test(`${name} takes any JSON for what it is`, () => {
      fc.assert(
        fc.property(value, (one) => {
          try {
            parse(one);
          } catch (error) {
            assert.ok(isBackupError(error, 'invalid'), String(error));
          }
        }),
      );
    });
  }

  test('what a server calls itself and others cannot command a terminal', () => {
    const id = '0'.repeat(32);
    const evil = 'a\u001b]0;owned\u0007\u009b2J';
    const shown = 'a\\x1b]0;owned\\x07\\xc2\\x9b2J';
    const workspace = { id, name: evil, createdAt: 1, latest: null };
    assert.equal(workspaces.parseWorkspacesAnswer({ workspaces: [workspace] }).workspaces[0]?.name, shown);
    const named = { id, name: evil };
    const answer = account.parseAccountAnswer({ account: named, device: named });
    assert.deepEqual([answer.account.name, answer.device.name], [shown, shown]);
    const error = parseProblem({ status: 409, code: 'conflict', detail: evil, details: { why: evil } });
    assert.equal(error.message, shown);
    assert.deepEqual(error.details, { why: shown });
  });

  test('requests refuse unknown fields, answers ignore them', () => {
    invalid(() => workspaces.parseCreateWorkspaceRequest({ name: 'x', access_token: 'y' }));
    invalid(() => snapshots.parseSnapshotsQuery({ limit: '1', access_token: 'y' }));
    assert.deepEqual(account.parseRingAnswer({ ring: null, later: 1 }), { ring: null });
  });

  test('fields are bounded and of their type', () => {
    invalid(() => text(3)('abcd', 'it'));
    invalid(() => text(3)('\u00e9\u00e9', 'it'));
    invalid(() => text(3)(3, 'it'));
    for (const half of ['\ud800', 'a\udc00', '\ud83d\ud83d\ude00']) invalid(() => text(99)(half, 'it'));
    assert.equal(text(4)('\u{1f600}', 'it'), '\u{1f600}');
    assert.equal(text(3)('abc', 'it'), 'abc');
    const count = integer({ min: 1, max: 3 });
    for (const one of [0, 4, 1.5, Number.NaN, Infinity, '1', null]) invalid(() => count(one, 'it'));
    invalid(() => flag(1, 'it'));
    invalid(() => oneOf(['a', 'b'])('toString', 'it'));
    invalid(() => list(1, flag)([true, true], 'it'));
    invalid(() => list(1, flag)({ length: 0 }, 'it'));
    for (const one of ['a', 'a===', 'ab c', 'ab-_', 1]) invalid(() => base64(9)(one, 'it'));
    invalid(() => base64(3)('AAAAAAAA', 'it'));
    invalid(() => parseFields([], { what: 'it', unknown: 'ignore' }, () => 1));
    invalid(() => parseFields(null, { what: 'it', unknown: 'ignore' }, () => 1));
  });

  test('numbers in a query are plain decimals within their bounds', () => {
    assert.deepEqual(snapshots.parseSnapshotsQuery({ before: '12', limit: '500' }), { before: 12, limit: 500 });
    assert.deepEqual(snapshots.parseSnapshotsQuery({}), { before: undefined, limit: 500 });
    for (const limit of ['0', '501', '1e2', ' 1', '01', '-1', '1.0', '', ['1', '2']]) invalid(() => snapshots.parseSnapshotsQuery({ limit }));
    for (const prefix of ['', 'A', 'x', '0'.repeat(65), undefined]) invalid(() => snapshots.parsePrefixQuery({ prefix }));
  });

  test('names are what people can type and read', () => {
    for (const name of ['ann', 'Ünal', '山田', 'a.b-c_d@e+f', '1']) assert.equal(names.parseAccountName(name, 'it'), name);
    assert.equal(names.parseAccountName('e\u0301', 'it'), '\u00e9');
    for (const name of ['', '-a', 'a b', 'a/b', 'a#b', 'a:b', 'x'.repeat(65), 'a\n', '\u202ea']) invalid(() => names.parseAccountName(name, 'it'));
    for (const name of ['', '  ', 'a\nb', 'a\u0000', 'a\u202eb']) invalid(() => names.parseDeviceName(name, 'it'));
    assert.equal(names.parseWorkspaceName('My "project" (2)', 'it'), 'My "project" (2)');
    for (const name of ['Main', '.x', 'a/b', '']) invalid(() => names.parseRefName(name, 'it'));
    invalid(() => names.parseNewPassword('1234567', 'it'));
    assert.equal(names.parseNewPassword('12345678', 'it'), '12345678');
    invalid(() => names.parsePassword('x'.repeat(1025), 'it'));
  });
});

describe('ids and bitmaps', () => {
  test('come back as they went', () => {
    fc.assert(
      fc.property(fc.uniqueArray(hex(24), { maxLength: 40 }), fc.infiniteStream(fc.boolean()), (texts, coin) => {
        const ids = texts as ObjectId[];
        assert.deepEqual(decodeIds(encodeIds(ids)), ids);
        const missing = new Set(ids.filter(() => coin.next().value));
        assert.deepEqual(decodeBitmap(ids, encodeBitmap(ids, missing)), missing);
      }),
    );
  });

  test('are refused when they do not fit', () => {
    const ids = ['a'.repeat(48)] as ObjectId[];
    invalid(() => decodeIds(new Uint8Array(23)));
    invalid(() => decodeIds(new Uint8Array(24 * (missingIdsMax + 1))));
    invalid(() => decodeBitmap(ids, new Uint8Array(0)));
    invalid(() => decodeBitmap(ids, new Uint8Array(2)));
    invalid(() => decodeBitmap(ids, new Uint8Array([2])));
  });
});

describe('problems', () => {
  test('come back as they went, with the status of their code', () => {
    const detail = fc.oneof(fc.integer(), fc.string({ maxLength: 50 }));
    fc.assert(
      fc.property(fc.constantFrom(...errorCodes), fc.string(), fc.dictionary(fc.string({ minLength: 1 }), detail, { maxKeys: 5 }), (code, message, details) => {
        const problem = problemOf(new BackupError(code, message, details));
        const back = parseProblem(JSON.parse(JSON.stringify(problem)));
        assert.equal(back.code, code);
        assert.equal(back.message, message);
        assert.deepEqual({ ...back.details }, { ...JSON.parse(JSON.stringify(details)) });
        assert.equal(statusOf(back), problem.status);
      }),
    );
  });

  test('have one status each', () => {
    const table: readonly (readonly [BackupError['code'], string | undefined, number])[] = [
      ['invalid', undefined, 400],
      ['invalid', 'method', 405],
      ['invalid', 'length-required', 411],
      ['invalid', 'media-type', 415],
      ['denied', undefined, 401],
      ['denied', 'forbidden', 403],
      ['not-found', undefined, 404],
      ['not-found', 'missing', 422],
      ['conflict', undefined, 409],
      ['corrupt', undefined, 422],
      ['limit', undefined, 413],
      ['limit', 'rate', 429],
      ['limit', 'quota', 507],
      ['limit', 'disk-full', 507],
      ['unavailable', undefined, 503],
      ['unavailable', 'slow', 408],
      ['cancelled', undefined, 499],
      ['invalid', 'toString', 400],
    ];
    for (const [code, reason, status] of table) assert.equal(statusOf({ code, details: reason === undefined ? {} : { reason } }), status);
  });

  test('of others are told by their status', () => {
    for (const status of [408, 425, 429, 500, 502, 503, 504]) assert.equal(codeOfStatus(status), 'unavailable');
    assert.deepEqual([401, 403, 404, 409, 413, 507, 418].map(codeOfStatus), ['denied', 'denied', 'not-found', 'conflict', 'limit', 'limit', 'invalid']);
  });
});

describe('connection lines', () => {
  const fingerprint = 'ab'.repeat(32);

  test('come back as they went', () => {
    for (const name of ['ann', 'a@b.example', 'Ünal', '山田+x']) {
      for (const host of ['127.0.0.1:8420', 'backup.example:443', '[::1]:8420']) {
        const line = formatConnectionLine({ name, host, fingerprint });
        assert.deepEqual(parseConnectionLine(line), { name, url: `https://${host}`, fingerprint });
      }
    }
  });

  test('may be written as people copy them', () => {
    const spaced = ` holdfast://ann@h:1#${'AB:'.repeat(31)}AB\n`;
    assert.equal(parseConnectionLine(spaced).fingerprint, fingerprint);
    assert.equal(parseFingerprint('AB:'.repeat(31) + 'AB'), fingerprint);
  });

  const bad = [
    '',
    'https://ann@h:1#x',
    `holdfast://h:1#${fingerprint}`,
    `holdfast://ann@h#${fingerprint}`,
    `holdfast://ann@h:1`,
    `holdfast://ann@h:1#abc`,
    `holdfast://ann@h:1/x#${fingerprint}`,
    `holdfast://an n@h:1#${fingerprint}`,
    `holdfast://%ff@h:1#${fingerprint}`,
    `holdfast://%2F@h:1#${fingerprint}`,
    `holdfast://ann@h:1@i:2#${fingerprint}`,
  ];
  for (const line of bad) test(`"${line.slice(0, 40)}" is none`, () => invalid(() => parseConnectionLine(line)));
});
