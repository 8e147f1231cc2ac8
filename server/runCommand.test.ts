import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { parseConnectionLine } from '../protocol/connectionLine.ts';
import { systemClock } from '../engine/platform/clock.ts';
import { silentLog } from '../engine/platform/log.ts';
import { createPrimitives } from '../engine/platform/primitives.ts';
import { runCommand } from './runCommand.ts';

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function run(words: readonly string[], input = ''): Promise<Ended> {
  const said = { out: '', err: '' };
  const code = await runCommand(words, {
    primitives: createPrimitives(),
    clock: systemClock,
    log: silentLog,
    print: (line) => void (said.out += `${line}\n`),
    complain: (line) => void (said.err += `${line}\n`),
    readInput: async () => input,
    signal: new AbortController().signal,
  });
  return { code, ...said };
}

describe('commands of the server', () => {
  let data: string;
  before(async () => {
    data = await mkdtemp(join(tmpdir(), 'holdfast-commands-'));
  });
  after(() => rm(data, { recursive: true, force: true }));

  test('explain themselves', async () => {
    for (const words of [['--help'], ['help'], ['start', '--help'], ['user', '--help'], ['check', '--help'], ['user', 'add', '-h']]) {
      const { code, out, err } = await run(words);
      assert.equal(code, 0);
      assert.match(out, /^holdfast-server/);
      assert.equal(err, '');
    }
  });

  const mistakes = [
    '',
    'serve',
    'toString',
    'start',
    'start --data D --colour',
    'start --data D extra',
    'start --data',
    'start --data D --listen nowhere',
    'start --data D --tls-cert x',
    'start --data D --tls-cert x --tls-key y --insecure-http',
    'user --data D',
    'user add --data D',
    'user add x --data D',
    'user add x y --data D',
    'user add -x --data D',
    'user promote x --data D',
    'user toString x --data D',
    'user list x --data D',
    'user list',
    'check',
    'check --data D x',
  ];
  for (const line of mistakes) {
    test(`take "${line}" for a mistake, and say how they are called`, async () => {
      const words = line === '' ? [] : line.split(' ').map((word) => (word === 'D' ? data : word));
      const { code, out, err } = await run(words);
      assert.equal(code, 2, err);
      assert.equal(out, '');
      assert.match(err, /holdfast-server (start|user|check)/);
    });
  }

  test('refuse a name or a password that cannot be one', async () => {
    for (const [name, password] of [['a b', 'long enough'], ['#x', 'long enough'], ['short', 'abc']] as const) {
      assert.equal((await run(['user', 'add', name, '--password-stdin', '--data', data], password)).code, 2);
    }
  });

  test('add a user before the first start, with the line for the default address', async () => {
    const added = await run(['user', 'add', 'ann@b.example', '--password-stdin', '--data', data], 'correct horse\n');
    assert.equal(added.code, 0, added.err);
    const { name, url, fingerprint } = parseConnectionLine(added.out);
    assert.equal(name, 'ann@b.example');
    assert.equal(url, 'https://127.0.0.1:8420');
    const again = await run(['user', 'add', 'bob', '--password-stdin', '--data', data, '--json'], 'correct horse');
    assert.equal(parseConnectionLine((JSON.parse(again.out) as { login: string }).login).fingerprint, fingerprint);
    assert.match((await run(['user', 'list', '--data', data])).out, /^ann@b\.example .*\nbob /);
  });

  test('fail with one line, and without a stack', async () => {
    const unknown = await run(['user', 'passwd', 'nobody', '--password-stdin', '--data', data], 'correct horse');
    assert.deepEqual(unknown, { code: 1, out: '', err: 'holdfast-server: There is no user nobody.\n' });
    const nothing = await run(['check', '--data', join(data, 'nowhere')]);
    assert.equal(nothing.code, 1);
    assert.equal(nothing.err.trim().split('\n').length, 1);
  });

  test('refuse plain HTTP for others than this machine', async () => {
    const { code, err } = await run(['start', '--data', data, '--listen', '0.0.0.0:0', '--insecure-http']);
    assert.equal(code, 5);
    assert.match(err, /loopback only/);
  });
});
