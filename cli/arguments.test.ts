import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseArguments, UsageError } from './arguments.ts';
import type { Command } from './command.ts';
import { helpOfCommand, synopsisOf } from './help.ts';

const sample: Command = {
  name: 'sample',
  summary: 'Tries the parser',
  operands: [
    { name: 'FROM', required: true, help: 'The first' },
    { name: 'TO', required: false, help: 'The second' },
  ],
  flags: {
    message: { kind: 'text', value: 'TEXT', help: 'Words' },
    limit: { kind: 'count', value: 'N', help: 'How many' },
    force: { kind: 'switch', help: 'Whatever' },
  },
  run: () => Promise.reject(new Error('unexpected call')),
};

function refused(words: readonly string[], pattern: RegExp): void {
  assert.throws(() => parseArguments(sample, words), (error) => error instanceof UsageError && pattern.test(error.message));
}

test('reads operands and flags in any order', () => {
  const parsed = parseArguments(sample, ['--force', 'a', '--message', 'two words', 'b', '--limit=3', '--json']);
  assert.deepEqual(parsed.operands, ['a', 'b']);
  assert.equal(parsed.text('message'), 'two words');
  assert.equal(parsed.count('limit'), 3);
  assert.equal(parsed.has('force'), true);
  assert.equal(parsed.has('strict'), false);
  assert.equal(parsed.has('json'), true);
});

test('takes what follows -- as operands', () => {
  assert.deepEqual(parseArguments(sample, ['--', '--force']).operands, ['--force']);
});

test('refuses what the table does not name', () => {
  refused(['a', '--wrong'], /--wrong/);
  refused(['a', '-x'], /-x/);
  refused(['a', '--message'], /message/);
  refused(['a', '--force=yes'], /force/);
  refused([], /FROM is missing/);
  refused(['a', 'b', 'c'], /“c” is one too many/);
  refused(['a', '--limit', '0'], /whole number/);
  refused(['a', '--limit', 'many'], /whole number/);
});

test('asks for no operand when help is wanted', () => {
  assert.equal(parseArguments(sample, ['--help']).has('help'), true);
});

test('help names every operand and flag', () => {
  assert.equal(synopsisOf(sample), 'sample FROM [TO]');
  const help = helpOfCommand(sample);
  for (const word of ['FROM', 'TO', '--message TEXT', '--limit N', '--force', '--json', '--workspace NAME|ID', '--strict']) {
    assert.ok(help.includes(word), word);
  }
});
