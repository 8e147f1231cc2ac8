import { commonFlags } from './arguments.ts';
import type { Command, Flags } from './command.ts';
import { formatTable } from './output/table.ts';

/** The whole program at a glance. */
export function helpOfProgram(commands: readonly Command[]): string {
  return [
    'Holdfast keeps every version of the folder you work in, off your machine, on a server you run.',
    '',
    'Usage: holdfast COMMAND [OPERANDS] [FLAGS]',
    '',
    formatTable(commands.map((command) => [`  ${synopsisOf(command)}`, command.summary])),
    '',
    'Every command takes:',
    flagLines(commonFlags),
    '',
    'Exit codes: 0 done, 1 failed, 2 usage, 3 runtime too old, 4 queued or unreachable, 5 refused or denied,',
    '            6 done with warnings under --strict.',
    'holdfast COMMAND --help says more.',
  ].join('\n');
}

export function helpOfCommand(command: Command): string {
  const parts = [`Usage: holdfast ${synopsisOf(command)} [FLAGS]`, '', `${command.summary}.`];
  if (command.operands.length > 0) {
    parts.push('', formatTable(command.operands.map(({ name, help }) => [`  ${name}`, help])));
  }
  if (Object.keys(command.flags).length > 0) parts.push('', flagLines(command.flags));
  if (command.notes !== undefined) parts.push('', ...command.notes);
  parts.push('', 'Every command takes:', flagLines(commonFlags));
  return parts.join('\n');
}

export function synopsisOf({ name, operands }: Command): string {
  return [name, ...operands.map((each) => (each.required ? each.name : `[${each.name}]`))].join(' ');
}

function flagLines(flags: Flags): string {
  return formatTable(
    Object.entries(flags).map(([name, { value, help }]) => [`  --${name}${value === undefined ? '' : ` ${value}`}`, help]),
  );
}
