import { BackupError, messageOf } from '../base/errors.ts';
import { parseArguments, UsageError } from './arguments.ts';
import type { Command, Outcome } from './command.ts';
import { commandTable } from './commandTable.ts';
import { composeOutput, composeSurroundings } from './compose.ts';
import { exitCodes, type ExitCode } from './exitCodes.ts';
import { helpOfCommand, helpOfProgram } from './help.ts';
import type { Output } from './output/output.ts';
import manifest from './package.json' with { type: 'json' };
import { exitCodeOf, explainError } from './text.ts';

process.exitCode = await main(process.argv.slice(2));

async function main(words: readonly string[]): Promise<ExitCode> {
  const [name, ...rest] = words;
  if (name === undefined || name === '--help' || name === 'help') return help(rest[0]);
  if (name === '--version') return print(manifest.version);
  const command = commandTable.find((each) => each.name === name);
  if (command === undefined) return misused(new UsageError(`There is no command “${name}”.`), { words });
  return await runCommand(command, rest);
}

function help(name: string | undefined): ExitCode {
  const command = commandTable.find((each) => each.name === name);
  return print(command === undefined ? helpOfProgram(commandTable) : helpOfCommand(command));
}

async function runCommand(command: Command, words: readonly string[]): Promise<ExitCode> {
  let parsed;
  try {
    parsed = parseArguments(command, words);
  } catch (error) {
    if (error instanceof UsageError) return misused(error, { words, command });
    throw error;
  }
  if (parsed.has('help')) return print(helpOfCommand(command));
  const output = composeOutput({ json: parsed.has('json'), progress: parsed.has('progress') });
  const signal = stopSignal();
  try {
    const outcome = await command.run({ arguments: parsed, output, surroundings: composeSurroundings(), signal });
    show(outcome, output);
    return codeOf(outcome, { strict: parsed.has('strict') });
  } catch (error) {
    if (error instanceof UsageError) return misused(error, { words, command });
    return failed(signal.aborted && error === signal.reason ? signal.reason : error, output);
  } finally {
    output.close();
  }
}

function show({ document, text }: Outcome, output: Output): void {
  if (output.json && document !== undefined) output.document(document);
  if (text !== undefined && text !== '') output.line(text);
}

function codeOf({ exitCode = exitCodes.done, warnings = 0 }: Outcome, { strict }: { readonly strict: boolean }): ExitCode {
  return exitCode === exitCodes.done && strict && warnings > 0 ? exitCodes.warnings : exitCode;
}

function failed(error: unknown, output: Output): ExitCode {
  const { happened, safe, next } = explainError(error);
  if (output.json) output.document({ error: { code: error instanceof BackupError ? error.code : 'failed', message: happened } });
  output.note(`holdfast: ${happened}\n${safe}\n${next}`);
  return exitCodeOf(error);
}

function misused(error: UsageError, { words, command }: { readonly words: readonly string[]; readonly command?: Command }): ExitCode {
  if (words.includes('--json')) console.log(JSON.stringify({ error: { code: 'usage', message: error.message } }));
  console.error(`holdfast: ${error.message}\nSee: npx --no holdfast ${command === undefined ? '' : `${command.name} `}--help`);
  return exitCodes.usage;
}

function print(text: string): ExitCode {
  console.log(text);
  return exitCodes.done;
}

/** Ctrl-C and a request to end stop the command cleanly; a second one ends it at once, which is as safe. */
function stopSignal(): AbortSignal {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(exitCodes.failed);
    controller.abort(new BackupError('cancelled', 'Stopped.'));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  // The reader of our output went away (`holdfast ls … | head`): there is nobody left to work for.
  process.stdout.on('error', (error) => controller.abort(new BackupError('cancelled', messageOf(error))));
  return controller.signal;
}
