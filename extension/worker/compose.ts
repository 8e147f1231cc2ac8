import type { MessagePort } from 'node:worker_threads';
import { systemClock } from '../../engine/platform/clock.ts';
import { lineLog } from '../../engine/platform/log.ts';
import { nodeFiles } from '../../engine/platform/nodeFiles.ts';
import { createPrimitives } from '../../engine/platform/primitives.ts';
import { createSafeFiles } from '../../engine/platform/safeFiles.ts';
import type { Log } from '../../engine/ports/primitives.ts';
import type { FromWorker, WorkerStart } from '../messages/channel.ts';
import type { EngineEvent } from '../messages/engineCalls.ts';
import { EngineHost } from './engineHost.ts';
import { serveCalls } from './serveCalls.ts';
import type { WorkerParts } from './workerParts.ts';

/** Makes everything that the worker consists of. Runs until the editor's side says `close`. */
export function composeWorker(port: MessagePort, { home, hostName }: WorkerStart): void {
  const emit = (event: EngineEvent): void => port.postMessage({ kind: 'event', event } satisfies FromWorker);
  const parts: WorkerParts = {
    home,
    hostName,
    clock: systemClock,
    primitives: createPrimitives(),
    files: createSafeFiles(nodeFiles),
    windows: process.platform === 'win32',
    // On these two a name usually has no case; a folder that differs is the exception.
    ignoreCase: process.platform === 'win32' || process.platform === 'darwin',
    log: logTo(emit),
    emit,
  };
  const host = new EngineHost(parts);
  serveCalls(port, { calls: host.calls(), close: async () => await host.close() });
}

/** The editor decides which levels are shown. */
function logTo(emit: (event: EngineEvent) => void): Log {
  const at = (level: 'debug' | 'info' | 'warn' | 'error') => lineLog((line) => emit({ kind: 'log', level, line: line.trimEnd() }), { level: 'debug', clock: systemClock })[level];
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
