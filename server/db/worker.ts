// The thread on which SQLite runs: one writer, and readers with connections of their own. Started by startWorker.ts.
import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '../../base/errors.ts';
import { walkClosure } from '../core/closure.ts';
import { openDatabase, openReader } from './openDatabase.ts';
import { metadataReads } from './reads.ts';
import { runBatch, runRead } from './runBatch.ts';
import { Statements } from './statements.ts';
import { plainError, plainOutcome } from './workerMessages.ts';
import type { WorkerCall, WorkerReply, WorkerSetup } from './workerMessages.ts';
import { metadataWrites } from './writes.ts';

const port = parentPort;
assert(port, 'this file runs as a worker');
const { role, file } = workerData as WorkerSetup;
const database = role === 'writer' ? await openDatabase(file) : openReader(file);
const statements = new Statements(database);
const writes = metadataWrites(statements, walkClosure);
const reads = metadataReads(statements);

function run(call: WorkerCall): unknown {
  switch (call.kind) {
    case 'batch':
      return runBatch(database, writes, call.requests).map(plainOutcome);
    case 'read': {
      const read = reads[call.name] as (...query: readonly unknown[]) => unknown;
      return runRead(database, () => read(...call.query));
    }
    case 'close':
      return database.close();
    default:
      return call satisfies never;
  }
}

port.on('message', (call: WorkerCall) => {
  let reply: WorkerReply;
  try {
    reply = { id: call.id, kind: 'done', value: run(call) };
  } catch (error) {
    reply = { id: call.id, kind: 'failed', error: plainError(error) };
  }
  port.postMessage(reply);
  if (call.kind === 'close') port.close();
});
