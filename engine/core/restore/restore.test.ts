import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { isBackupError } from '../../../base/errors.ts';
import { createPrimitives } from '../../platform/primitives.ts';
import { byteStringOfText } from '../byteString.ts';
import type { ByteName, BytePath } from '../byteString.ts';
import { isOwnSiblingName } from '../ignore/ownNames.ts';
import { conflictName } from './conflictName.ts';
import { decodeJournal, encodeJournal, siblingOf } from './journal.ts';
import type { RestoreJournal } from './journal.ts';
import { caseKey, isWindowsReserved } from './targetNames.ts';

const { hasher } = createPrimitives();
const name = (text: string): ByteName => byteStringOfText(text) as string as ByteName;
const now = Date.UTC(2025, 0, 31, 14, 5, 9);

await test('names what is kept beside after its place and the time, never too long, never cut inside a character', () => {
  assert.equal(conflictName(name('notes.txt'), { now, attempt: 1 }), 'notes (kept 2025-01-31 14.05.09).txt');
  assert.equal(conflictName(name('.env'), { now, attempt: 2 }), '.env (kept 2025-01-31 14.05.09 2)');
  for (const long of ['x'.repeat(255), `${'ü'.repeat(125)}.jpeg`, `a.${'b'.repeat(250)}`]) {
    const kept = conflictName(name(long), { now, attempt: 12 });
    assert.ok(kept.length <= 255);
    assert.doesNotThrow(() => new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(kept, 'latin1')));
  }
});

await test('knows the names that Windows would not store as they are', () => {
  for (const text of ['con', 'CON', 'nul.txt', 'aux .c', 'COM9', 'lpt¹', 'conin$', 'a.', 'a ', 'a:b', 'a|b', '<', 'a\\b', 'a\nb']) assert.ok(isWindowsReserved(name(text)), text);
  for (const text of ['console', 'com10', 'com', 'a.b', ' a', '.git', 'ünïcode', 'nulls']) assert.ok(!isWindowsReserved(name(text)), text);
});

await test('takes names for the same where a disk without case might', () => {
  const same = [['README', 'readme'], ['Ä', 'ä'], ['Ä', 'A\u0308'], ['ﬁ', 'FI'], ['ß', 'SS'], ['Σ', 'ς'], ['K', '\u212A']];
  for (const [a, b] of same) assert.equal(caseKey(name(a!)), caseKey(name(b!)), `${a} ${b}`);
  assert.notEqual(caseKey(name('a')), caseKey(name('b')));
  assert.notEqual(caseKey('\xff' as ByteName), caseKey('\xfe' as ByteName));
});

const journal: RestoreJournal = {
  id: '0123abcd',
  purpose: 'restore',
  root: '/folder with \xc3\xbc',
  snapshot: 'ab'.repeat(32) as RestoreJournal['snapshot'],
  before: 'cd'.repeat(32) as RestoreJournal['before'],
  path: '' as BytePath,
  startedAt: 1_700_000_000_000,
  intents: [
    { kind: 'put', path: 'a\nb\xff' as BytePath, before: { kind: 'file', mode: 0o644, size: 1, mtimeNs: -5n, inode: 2n ** 63n }, from: undefined },
    { kind: 'put', path: 'c' as BytePath, before: undefined, from: siblingOf({ id: '00000000' }, 3, 'aside') },
    { kind: 'delete', path: 'd/e' as BytePath, before: { kind: 'directory', digest: 'x' }, changed: 'keep-beside' },
    { kind: 'meta', path: 'f' as BytePath, before: { kind: 'symlink', target: '/\x80', inode: 1n }, set: { mode: undefined, mtimeNs: 1n }, was: { mode: 0, mtimeNs: 2n } },
    { kind: 'directory', path: 'd' as BytePath, set: { mode: 0o755, mtimeNs: undefined }, was: { mode: undefined, mtimeNs: undefined } },
  ],
};

await test('reads a journal as it was written', () => {
  assert.deepEqual(decodeJournal(encodeJournal(journal, hasher), hasher), journal);
  assert.ok(isOwnSiblingName(siblingOf(journal, 4_000_000_000, 'tmp')));
});

await test('refuses a journal that is cut, altered or made of anything else', () => {
  const bytes = encodeJournal(journal, hasher);
  for (let length = 0; length < bytes.length; length++) assert.throws(() => decodeJournal(bytes.subarray(0, length), hasher), (error) => isBackupError(error, 'corrupt'));
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, by) => {
      const altered = bytes.slice();
      altered[at]! ^= by;
      assert.throws(() => decodeJournal(altered, hasher), (error) => isBackupError(error));
    }),
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (random) => assert.throws(() => decodeJournal(random, hasher), (error) => isBackupError(error))));
});

await test('refuses intents that lead elsewhere', () => {
  for (const path of ['../a', 'a/../b', '/a', 'a//b', '.', 'a/']) {
    const evil = { ...journal, intents: [{ kind: 'put', path: path as BytePath, before: undefined, from: undefined }] } as const;
    assert.throws(() => decodeJournal(encodeJournal(evil, hasher), hasher), (error) => isBackupError(error, 'corrupt'), path);
  }
});
