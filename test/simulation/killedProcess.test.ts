import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { systemClock } from '../../engine/platform/clock.ts';
import { silentLog } from '../../engine/platform/log.ts';
import { Dice } from '../../engine/testing/dice.ts';
import type { TreeId } from '../../protocol/ids.ts';
import type { CheckFinding } from '../../server/core/checkTypes.ts';
import { checkData, openServerCore } from '../../server/openServerCore.ts';
import { contentOf, processContext } from './committingProcess.ts';
import { chunksBeneath, readTree, Restorer } from './restorer.ts';

const kills = 6;
const context = processContext();
const { signal } = new AbortController();

interface Said {
  readonly n: number;
  readonly root: TreeId;
  readonly id: string;
  readonly seq: number;
}

/** Starts the process, lets it commit for a while, kills it; answers what it said was acknowledged. */
async function runAndKill(dataDirectory: string, afterMs: number): Promise<readonly Said[]> {
  const script = join(import.meta.dirname, 'committingProcess.ts');
  const child = spawn(process.execPath, [script, dataDirectory], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<NodeJS.Signals | null>((resolve) => child.on('exit', (_, killedBy) => resolve(killedBy)));
  const said: Said[] = [];
  for await (const line of createInterface(child.stdout)) {
    if (line === 'ready') setTimeout(() => child.kill('SIGKILL'), afterMs);
    else {
      const [n, root, id, seq] = line.split(' ') as [string, string, string, string];
      said.push({ n: Number(n), root: root as TreeId, id, seq: Number(seq) });
    }
  }
  assert.equal(await ended, 'SIGKILL', 'it ran until it was killed');
  return said;
}

async function checkFindsNothing(findings: AsyncIterable<CheckFinding>): Promise<void> {
  let last: CheckFinding | undefined;
  for await (const finding of findings) {
    assert.notEqual(finding.kind, 'problem', JSON.stringify(finding));
    last = finding;
  }
  assert.equal(last?.kind, 'summary');
}

test('after kill -9 at random moments the next start works at once and gives back all that was acknowledged', async () => {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'holdfast-'));
  const dice = new Dice(process.pid);
  try {
    const said: Said[] = [];
    // A busy machine may be killed before it has said anything: then there are more rounds.
    for (let kill = 0; kill < kills || (said.length <= kills && kill < 20 * kills); kill++) {
      said.push(...(await runAndKill(dataDirectory, 50 + dice.below(400))));
      await checkFindsNothing(checkData({ dataDirectory, primitives: context, clock: systemClock, log: silentLog, signal }));
    }
    assert.ok(said.length > kills, `${said.length} snapshots were acknowledged`);

    const core = await openServerCore({ dataDirectory, primitives: context, clock: systemClock, log: silentLog });
    const account = await core.accounts.findByName('killed');
    const [device] = await core.accounts.devices(account!.id);
    const repository = core.accountRepository({ account: account!.id, device: device!.id });
    const restorer = new Restorer(context);
    for (const { n, root, id, seq } of said) {
      const [stored] = await repository.findSnapshots({ prefix: id }, { signal });
      assert.equal(stored?.seq, seq);
      const trees = await restorer.open(await repository.fetch({ kind: 'under', roots: [root] }, { signal }));
      const chunks = await restorer.open(await repository.fetch({ kind: 'objects', ids: [...chunksBeneath(root, trees)] }, { signal }));
      const files = readTree(root, new Map([...trees, ...chunks]));
      assert.ok(Buffer.compare(files.get('file')!, contentOf(n)) === 0, `snapshot ${n} restores byte for byte`);
    }
    await checkFindsNothing(core.check({ signal }));
    await core.close();
  } finally {
    await rm(dataDirectory, { recursive: true, force: true });
  }
});
