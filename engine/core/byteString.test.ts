import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isBackupError } from '../../base/errors.ts';
import {
  ancestorsOf,
  byteStringFrom,
  byteStringOfText,
  bytesOfByteString,
  displayName,
  isWithin,
  joinPath,
  nameOfPath,
  namesOfPath,
  parentPath,
  rootPath,
  type ByteName,
} from './byteString.ts';

test('bytes survive as a byte string, and its order is byte order', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
      assert.deepEqual(bytesOfByteString(byteStringFrom(a)), Uint8Array.from(a));
      assert.equal(byteStringFrom(a) < byteStringFrom(b), Buffer.compare(a, b) < 0);
    }),
  );
});

test('text that is not a byte string is refused', () => {
  assert.throws(() => bytesOfByteString('€'), (error) => isBackupError(error, 'invalid'));
});

test('names are shown as text, and escaped where they are none', () => {
  assert.equal(displayName(byteStringOfText('grüße.txt')), 'grüße.txt');
  assert.equal(displayName(byteStringFrom(Uint8Array.of(0x61, 0xff))), 'a\\xff');
  assert.equal(displayName(byteStringOfText('two\nlines')), 'two\\x0alines');
  assert.equal(displayName(byteStringOfText('\u009b2J\u202e')), '\\xc2\\x9b2J\\xe2\\x80\\xae');
});

test('paths are joined and taken apart', () => {
  const path = joinPath(joinPath(rootPath, 'src' as ByteName), 'main.ts' as ByteName);
  assert.equal(path, 'src/main.ts');
  assert.equal(parentPath(path), 'src');
  assert.equal(parentPath(parentPath(path)), '');
  assert.equal(nameOfPath(path), 'main.ts');
  assert.deepEqual(namesOfPath(path), ['src', 'main.ts']);
  assert.deepEqual(namesOfPath(rootPath), []);
  assert.deepEqual([...ancestorsOf(path)], ['src', '']);
});

test('a sibling with the same beginning is not within', () => {
  const source = byteStringOfText('src');
  assert.equal(isWithin(byteStringOfText('src/a'), source), true);
  assert.equal(isWithin(source, source), true);
  assert.equal(isWithin(byteStringOfText('srcs/a'), source), false);
  assert.equal(isWithin(source, rootPath), true);
});
