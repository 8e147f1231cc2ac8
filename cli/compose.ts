import { homedir, hostname } from 'node:os';
import { systemClock } from '../engine/platform/clock.ts';
import { logLevels, silentLog, stderrLog, type LogLevel } from '../engine/platform/log.ts';
import { nodeFiles } from '../engine/platform/nodeFiles.ts';
import { createPrimitives } from '../engine/platform/primitives.ts';
import { createSafeFiles } from '../engine/platform/safeFiles.ts';
import { stateHome } from '../engine/platform/statePaths.ts';
import type { Log } from '../engine/ports/primitives.ts';
import { coloursFor, wantsColour } from './output/colours.ts';
import { Output } from './output/output.ts';
import type { Surroundings } from './surroundings.ts';
import { createTerminal } from './terminal.ts';

/** Everything that a command needs of this process: the one place that looks at the environment. */
export function composeSurroundings(): Surroundings {
  return {
    workingDirectory: process.cwd(),
    home: stateHome({ platform: process.platform, home: homedir(), environment: process.env }),
    hostName: hostname(),
    terminal: createTerminal({ stdin: process.stdin, stderr: process.stderr }),
    clock: systemClock,
    primitives: createPrimitives(),
    files: createSafeFiles(nodeFiles),
    log: logOf(process.env['HOLDFAST_LOG']),
  };
}

export function composeOutput({ json, progress }: { readonly json: boolean; readonly progress: boolean }): Output {
  const { stdout, stderr } = process;
  const colours = coloursFor(!json && wantsColour(process.env, stdout.isTTY));
  return new Output({ stdout, stderr, clock: systemClock, colours, json, progress });
}

/** Silent unless HOLDFAST_LOG names a level: debug, info, warn or error. */
function logOf(level: string | undefined): Log {
  if (level === undefined || !Object.hasOwn(logLevels, level)) return silentLog;
  return stderrLog({ level: level as LogLevel, clock: systemClock });
}
