import type { Clock, Log, Primitives } from '../../engine/ports/primitives.ts';
import type { SafeFiles } from '../../engine/ports/safeFiles.ts';
import type { EngineEvent } from '../messages/engineCalls.ts';

/** What the worker knows of the process it runs in; made once in compose.ts. */
export interface WorkerParts {
  readonly home: string;
  readonly hostName: string;
  readonly clock: Clock;
  readonly primitives: Primitives;
  readonly files: SafeFiles;
  readonly windows: boolean;
  readonly ignoreCase: boolean;
  readonly log: Log;
  readonly emit: (event: EngineEvent) => void;
}
