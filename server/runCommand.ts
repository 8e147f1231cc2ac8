import { isBackupError, messageOf } from '../base/errors.ts';
import { check } from './commands/check.ts';
import { exitCodes, UsageError, type Command, type CommandContext } from './commands/commandTypes.ts';
import { start } from './commands/start.ts';
import { user } from './commands/user.ts';

const commands: Readonly<Record<string, Command>> = { start, user, check };

const overview = `holdfast-server keeps backups for the devices of its users.

${Object.values(commands)
  .map(({ usage }) => usage.split('\n\n', 1)[0])
  .join('\n')}

\`holdfast-server COMMAND --help\` says more about one. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 Node too old,
5 refused.`;

export interface RunContext extends CommandContext {
  /** One line on standard error. */
  complain(line: string): void;
}

/** Runs what the arguments say; answers the exit code. Never throws. */
export async function runCommand([name = '', ...args]: readonly string[], context: RunContext): Promise<number> {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  const help = args.includes('--help') || args.includes('-h');
  if (command === undefined || help) {
    const known = command !== undefined || ['--help', '-h', 'help'].includes(name);
    (known ? context.print : context.complain)(command?.usage ?? overview);
    return known ? exitCodes.done : exitCodes.usage;
  }
  try {
    return await command.run(args, context);
  } catch (error) {
    if (error instanceof UsageError) context.complain(`${error.message}\n\n${command.usage}`);
    else context.complain(`holdfast-server: ${messageOf(error)}`);
    return exitCodeOf(error);
  }
}

function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return exitCodes.usage;
  return isBackupError(error, 'denied') ? exitCodes.refused : exitCodes.failed;
}
