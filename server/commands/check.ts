import { resolve } from 'node:path';
import type { CheckFinding, CheckSummary } from '../core/checkTypes.ts';
import { checkData } from '../openServerCore.ts';
import { exitCodes, needed, type Command } from './commandTypes.ts';
import { parseCommandArgs } from './parseCommandArgs.ts';

const options = { data: { type: 'string' }, json: { type: 'boolean' } } as const;

export const check: Command = {
  usage: `holdfast-server check --data DIR [--json]

Reads everything that is stored and verifies it, whether the server runs or not. Changes nothing. Ends with 0 when all
is well and with 1 when something is not.

  --json   one document a line: problems and notes as they are found, a summary last`,

  async run(args, { primitives, clock, log, print, signal }) {
    const { values } = parseCommandArgs(args, { options });
    const dataDirectory = resolve(needed(values.data, '--data'));
    let problems = 0;
    for await (const finding of checkData({ dataDirectory, primitives, clock, log, signal })) {
      if (finding.kind === 'problem') problems += 1;
      print(values.json === true ? JSON.stringify(finding) : sentence(finding));
    }
    return problems === 0 ? exitCodes.done : exitCodes.failed;
  },
};

function sentence(finding: CheckFinding): string {
  switch (finding.kind) {
    case 'problem':
      return `PROBLEM ${finding.what} ${finding.id}: ${finding.message}`;
    case 'note':
      return `note ${finding.what} ${finding.id}: ${finding.message}`;
    case 'summary':
      return summary(finding);
    default:
      return finding satisfies never;
  }
}

function summary({ accounts, snapshots, objects, segments, segmentBytes, volumes, problems }: CheckSummary): string {
  const read = `${accounts} accounts, ${snapshots} snapshots, ${objects} objects in ${segments} segments (${segmentBytes} bytes), ${volumes} volumes`;
  return problems === 0 ? `All is well: ${read}.` : `${problems} problems: ${read}.`;
}
