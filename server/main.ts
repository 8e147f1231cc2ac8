import { BackupError } from '../base/errors.ts';
import { exitCodes } from './commands/commandTypes.ts';
import { createParts } from './compose.ts';
import { runCommand, type RunContext } from './runCommand.ts';

// Whoever started the server may stop listening to it; that is no reason to stop serving.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

process.exitCode = await runCommand(process.argv.slice(2), createContext());

function createContext(): RunContext {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(exitCodes.failed); // asked twice: at once
      stop.abort(new BackupError('cancelled', 'The server was told to stop.'));
    });
  }
  return { ...createParts(), print, complain, readInput, signal: stop.signal };
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function complain(line: string): void {
  process.stderr.write(`${line}\n`);
}

async function readInput(bytesMax: number): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of process.stdin as AsyncIterable<Buffer>) {
    pieces.push(piece);
    bytes += piece.length;
    if (bytes > bytesMax) throw new BackupError('invalid', 'Standard input holds more than was expected.');
  }
  return Buffer.concat(pieces).toString('utf8');
}
