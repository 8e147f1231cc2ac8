import { closeSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';
import type { Disposable } from '../../base/disposable.ts';
import type { Clock, Log, LogFields } from '../ports/primitives.ts';

export const logLevels = { debug: 0, info: 1, warn: 2, error: 3 } as const;
export type LogLevel = keyof typeof logLevels;

/** A file that has grown to this moves to `.1`, replacing the one before. */
const logFileBytesMax = 8 * 1024 * 1024;

export interface LogOptions {
  /** Events below it are dropped. */
  readonly level: LogLevel;
  readonly clock: Clock;
}

/** One JSON line an event: `{"time", "level", "event", …fields}`, handed to `write` with its line end. */
export function lineLog(write: (line: string) => void, { level, clock }: LogOptions): Log {
  const at = (own: LogLevel) => (event: string, fields: LogFields = {}): void => {
    if (logLevels[own] < logLevels[level]) return;
    write(`${JSON.stringify({ time: new Date(clock.now()).toISOString(), level: own, event, ...fields })}\n`);
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** Lines on standard error. */
export function stderrLog(options: LogOptions): Log {
  return lineLog((line) => void process.stderr.write(line), options);
}

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };

/**
 * Lines in a file of mode 0600. A line is written before the call returns, so the last words of a killed process are
 * there; a disk that takes no more loses lines, never the operation that logs.
 */
export function fileLog(path: string, options: LogOptions): Log & Disposable {
  let file: number | undefined = openSync(path, 'a', 0o600);
  let written = fstatSync(file).size;
  const write = (line: string): void => {
    if (file === undefined) return;
    try {
      if (written > logFileBytesMax) {
        closeSync(file);
        file = undefined;
        renameSync(path, `${path}.1`);
        file = openSync(path, 'a', 0o600);
        written = 0;
      }
      written += writeSync(file, line);
    } catch {
      // A full or vanished disk: the log is the least of what is lost, and nobody is left to tell.
    }
  };
  const dispose = (): void => {
    if (file !== undefined) closeSync(file);
    file = undefined;
  };
  return { ...lineLog(write, options), dispose };
}
