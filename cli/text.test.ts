import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BackupError, errorCodes } from '../base/errors.ts';
import { exitCodeOf, explainError } from './text.ts';

test('every code says what happened, what is safe and what to do next', () => {
  for (const code of errorCodes) {
    const { happened, safe, next } = explainError(new BackupError(code, 'The thing failed'));
    assert.equal(happened, 'The thing failed.');
    assert.match(safe, /\.$/);
    assert.match(next, /\.$/);
  }
});

test('the exit code follows from the error code', () => {
  const codes = Object.fromEntries(errorCodes.map((code) => [code, exitCodeOf(new BackupError(code, ''))]));
  assert.deepEqual(codes, {
    invalid: 1,
    'not-found': 1,
    conflict: 5,
    corrupt: 1,
    denied: 5,
    limit: 1,
    unavailable: 4,
    cancelled: 1,
  });
  assert.equal(exitCodeOf(new Error('bug')), 1);
});
