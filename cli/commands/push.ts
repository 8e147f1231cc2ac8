import { displayName } from '../../engine/core/byteString.ts';
import type { Call, Command, Outcome } from '../command.ts';
import { openEngine } from '../folder/openEngine.ts';
import { chooseTarget, type PushTarget } from '../folder/chooseTarget.ts';
import { pushOutcome } from '../output/pushes.ts';
import { readSettings, ruleOptionsOf } from '../session/settings.ts';
import { withServer, type Server } from '../session/server.ts';

export const push: Command = {
  name: 'push',
  summary: 'Backs up what changed in a folder, or one file',
  operands: [{ name: 'DIR|FILE', required: false, help: 'Default: where you are' }],
  flags: {
    message: { kind: 'text', value: 'TEXT', help: 'A label for the snapshot; labelled ones are kept' },
    force: { kind: 'switch', help: 'Read and hash everything again, and ask the server about every piece' },
    'dry-run': { kind: 'switch', help: 'Only say what would be done' },
    'no-gitignore': { kind: 'switch', help: 'Do not read .gitignore files (.holdfastignore still counts)' },
    git: { kind: 'switch', help: 'Back up .git, too, while git holds no lock' },
  },
  notes: [
    'A folder inside one that is backed up is pushed as a part of it; --workspace NAME makes it a workspace of its own.',
    'A file is backed up as the one change of its folder’s workspace.',
  ],
  run: async (call) => await withServer(call, async (server) => await runPush(call, server)),
};

async function runPush(call: Call, server: Server): Promise<Outcome> {
  const target = await chooseTarget(server, { call, path: call.arguments.operand(0) ?? '.' });
  const flags = { git: call.arguments.has('git'), gitignore: !call.arguments.has('no-gitignore') };
  const rules = ruleOptionsOf(await readSettings(call.surroundings.home), flags);
  const engine = await openEngine({ call, server, folder: target.folder, name: target.name, rules });
  const report = await engine.push({
    dirty: target.dirty,
    trigger: 'manual',
    message: call.arguments.text('message'),
    force: call.arguments.has('force'),
    dryRun: call.arguments.has('dry-run'),
    include: new Set(),
    signal: call.signal,
    onProgress: call.output.progress.bind(call.output),
  });
  return pushOutcome(report, { fields: fieldsOf(target), folder: displayName(target.folder) });
}

function fieldsOf({ folder, dirty }: PushTarget): { readonly folder: string; readonly part: string | null } {
  const [part] = dirty === 'all' ? [] : dirty;
  return { folder: displayName(folder), part: part === undefined ? null : displayName(part) };
}
