import { BackupError, isBackupError, messageOf } from '../base/errors.ts';
import { check } from './commands/check.ts';
import { exitCodes, UsageError, type Command, type CommandContext } from './commands/commandTypes.ts';
import { start } from './commands/start.ts';
import { user } from './commands/user.ts';
import { createParts } from './compose.ts';

const commands: Readonly<Record<string, Command>> = { start, user, check };

const overview = `holdfast-server keeps backups for the devices of its users.

${Object.values(commands)
  .map(({ usage }) => usage.split('\n\n', 1)[0])
  .join('\n')}

\`holdfast-server COMMAND --help\` says more about one. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 Node too old,
5 refused.`;

// Whoever started the server may stop listening to it; that is no reason to stop serving.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

process.exitCode = await run(process.argv.slice(2));

async function run([name = '', ...args]: readonly string[]): Promise<number> {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  const help = args.includes('--help') || args.includes('-h');
  if (command === undefined || help) {
    const known = command !== undefined || ['--help', '-h', 'help'].includes(name);
    (known ? print : complain)(command?.usage ?? overview);
    return known ? exitCodes.done : exitCodes.usage;
  }
  try {
    return await command.run(args, createContext());
  } catch (error) {
    if (error instanceof UsageError) complain(`${error.message}\n\n${command.usage}`);
    else complain(`holdfast-server: ${messageOf(error)}`);
    return exitCodeOf(error);
  }
}

function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return exitCodes.usage;
  return isBackupError(error, 'denied') ? exitCodes.refused : exitCodes.failed;
}

function createContext(): CommandContext {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(exitCodes.failed); // asked twice: at once
      stop.abort(new BackupError('cancelled', 'The server was told to stop.'));
    });
  }
  return { ...createParts(), print, readInput, signal: stop.signal };
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
