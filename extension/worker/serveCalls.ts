import type { MessagePort } from 'node:worker_threads';
import { BackupError } from '../../base/errors.ts';
import { encodeError } from '../../engine/platform/owner/wireError.ts';
import type { OnProgress } from '../../engine/run/reports.ts';
import type { FromWorker, ToWorker } from '../messages/channel.ts';
import type { CallName, ParamsOf, ResultOf } from '../messages/engineCalls.ts';

export interface CallOptions {
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

/** What answers each call. */
export type Calls = { readonly [Name in CallName]: (params: ParamsOf<Name>, options: CallOptions) => Promise<ResultOf<Name>> };

/** Answers the calls that come in, any number at once, until `close`. */
export function serveCalls(port: MessagePort, { calls, close }: { readonly calls: Calls; readonly close: () => Promise<void> }): void {
  const running = new Map<number, AbortController>();
  const send = (message: FromWorker): void => port.postMessage(message);

  async function answer({ id, name, params }: Extract<ToWorker, { kind: 'call' }>, signal: AbortSignal): Promise<void> {
    try {
      const handler = calls[name] as (params: unknown, options: CallOptions) => Promise<unknown>;
      const result = await handler(params, { signal, onProgress: (progress) => send({ kind: 'progress', id, progress }) });
      send({ kind: 'result', id, result });
    } catch (error) {
      send({ kind: 'failure', id, error: encodeError(error) });
    } finally {
      running.delete(id);
    }
  }

  async function end(): Promise<void> {
    const reason = new BackupError('cancelled', 'The window is closing.');
    for (const controller of running.values()) controller.abort(reason);
    try {
      await close();
    } finally {
      send({ kind: 'closed' });
      port.close();
    }
  }

  port.on('message', (message: ToWorker) => {
    switch (message.kind) {
      case 'call': {
        const controller = new AbortController();
        running.set(message.id, controller);
        void answer(message, controller.signal);
        return;
      }
      case 'cancel':
        running.get(message.id)?.abort(new BackupError('cancelled', 'Stopped by the user.'));
        return;
      case 'close':
        void end();
        return;
      default:
        message satisfies never;
    }
  });
}
