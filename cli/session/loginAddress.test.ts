import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../arguments.ts';
import { parseLoginAddress } from './loginAddress.ts';

const sha = 'ab'.repeat(32);

test('an address may be a URL, a host, or the one-line form', () => {
  const table: readonly [string, object][] = [
    ['https://backup.example:8420/', { url: 'https://backup.example:8420', user: undefined, fingerprint: undefined }],
    ['backup.example:8420', { url: 'https://backup.example:8420', user: undefined, fingerprint: undefined }],
    [`holdfast://ann@127.0.0.1:8420#${sha}`, { url: 'https://127.0.0.1:8420', user: 'ann', fingerprint: sha }],
    ['http://127.0.0.1:1', { url: 'http://127.0.0.1:1', user: undefined, fingerprint: undefined }],
  ];
  for (const [text, want] of table) assert.deepEqual(parseLoginAddress(text), want, text);
});

test('an address with a password, a wrong fingerprint or another scheme is refused', () => {
  for (const text of ['', 'ftp://x', 'https://a:b@c', `https://a#${sha}`, 'holdfast://a@b#12', 'https://', 'http://elsewhere']) {
    assert.throws(() => parseLoginAddress(text), UsageError, text);
  }
});
