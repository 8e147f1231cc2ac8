import type { CallName, EngineEvent } from './engineCalls.ts';
import type { WireError } from '../../engine/platform/owner/wireError.ts';
import type { Progress } from '../../engine/run/reports.ts';

/** From the editor's side to the worker. Params are of the call's type: both ends are built together. */
export type ToWorker =
  | { readonly kind: 'call'; readonly id: number; readonly name: CallName; readonly params: unknown }
  | { readonly kind: 'cancel'; readonly id: number }
  | { readonly kind: 'close' };

/** From the worker. `closed` is its last word. */
export type FromWorker =
  | { readonly kind: 'result'; readonly id: number; readonly result: unknown }
  | { readonly kind: 'failure'; readonly id: number; readonly error: WireError }
  | { readonly kind: 'progress'; readonly id: number; readonly progress: Progress }
  | { readonly kind: 'event'; readonly event: EngineEvent }
  | { readonly kind: 'closed' };

/** What the worker must be told when it starts; never a secret. */
export interface WorkerStart {
  /** Where sessions of the command line and local state live. */
  readonly home: string;
  readonly hostName: string;
}
