// Loaded into every test file's process: kills it when it takes too long, even when it spins without ever yielding, so
// that a hang fails one file instead of eating the whole run. `node --test-timeout` bounds single tests only.
import { isMainThread, Worker } from 'node:worker_threads';

const limitMs = Number(process.env['HOLDFAST_TEST_FILE_LIMIT_MS']);

/** Runs in a worker, from its own text. @param {{ limitMs: number, file: string | undefined }} about */
function waitAndKill({ limitMs, file }) {
  const fs = process.getBuiltinModule('node:fs');
  /** @param {number} pid @returns {number[]} */
  const childrenOf = (pid) => {
    try {
      const tasks = fs.readdirSync(`/proc/${pid}/task`);
      const lists = tasks.map((task) => fs.readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8'));
      return lists.join(' ').split(/\s+/).filter(Boolean).map(Number);
    } catch {
      return []; // Only Linux tells; elsewhere the children are left to the limit of the whole run.
    }
  };
  /** @param {number} pid */
  const killTree = (pid) => {
    for (const child of childrenOf(pid)) killTree(child);
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has just ended by itself.
    }
  };
  setTimeout(() => {
    fs.writeSync(2, `Stopped after ${limitMs / 1000} s: ${file}\n`);
    killTree(process.pid);
  }, limitMs);
}

if (isMainThread && process.env['NODE_TEST_CONTEXT'] && limitMs > 0) {
  const about = JSON.stringify({ limitMs, file: process.argv[1] });
  new Worker(`(${String(waitAndKill)})(${about})`, { eval: true, execArgv: [] }).unref();
}
