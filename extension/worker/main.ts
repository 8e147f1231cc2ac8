// The engine's own thread: everything that reads the folder, computes or speaks HTTP runs here. The editor's side starts
// this file by its path and talks to it by messages.
import { parentPort, workerData } from 'node:worker_threads';
import type { WorkerStart } from '../messages/channel.ts';
import { composeWorker } from './compose.ts';

if (parentPort === null) throw new Error('This file is a worker: start it from the editor’s side.');
composeWorker(parentPort, workerData as WorkerStart);
