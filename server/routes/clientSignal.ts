import type { ServerResponse } from 'node:http';
import { BackupError } from '../../base/errors.ts';

/** Fires when the client goes away before it has its answer. */
export function clientSignal(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) controller.abort(new BackupError('cancelled', 'The client went away.'));
  });
  return controller.signal;
}
