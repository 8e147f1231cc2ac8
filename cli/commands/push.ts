import type { Call, Command, Outcome } from '../command.ts';
import { chooseTarget, rulesOfTarget, type PushTarget } from '../folder/chooseTarget.ts';
import type { FolderOptions } from '../folder/ownedFolder.ts';
import { performPush } from '../folder/performPush.ts';
import { readRules, ruleFlags } from '../session/settings.ts';
import { withServer, type Server } from '../session/server.ts';

export const push: Command = {
  name: 'push',
  summary: 'Backs up what changed in a folder, or one file',
  operands: [{ name: 'DIR|FILE', required: false, help: 'Default: where you are' }],
  flags: {
    message: { kind: 'text', value: 'TEXT', help: 'A label for the snapshot; labelled ones are kept' },
    force: { kind: 'switch', help: 'Read and hash everything again, and ask the server about every piece' },
    'dry-run': { kind: 'switch', help: 'Only say what would be done' },
    ...ruleFlags,
  },
  notes: [
    'A folder inside one that is backed up is pushed as a part of it; --workspace NAME makes it a workspace of its own.',
    'A file is the one change of its folder’s workspace, or where that is not backed up, a workspace of its own.',
  ],
  run: async (call) => await withServer(call, async (server) => await runPush(call, server)),
};

async function runPush(call: Call, server: Server): Promise<Outcome> {
  const words = call.arguments;
  const target = await chooseTarget(server, { call, path: words.operand(0) ?? '.' });
  const { folder, identity, dirty, name, join } = target;
  const flags = { git: words.has('git'), noGitignore: words.has('no-gitignore') };
  return await performPush(
    { call, server, folder, identity, name, join: joinOf(join), rules: rulesOfTarget(target, await readRules(call)) },
    { dirty, message: words.text('message'), force: words.has('force'), dryRun: words.has('dry-run'), ...flags },
  );
}

/** The named workspace, from its newest snapshot on. */
function joinOf(info: PushTarget['join']): FolderOptions['join'] {
  return info && { workspace: info.id, parents: info.latest === undefined ? [] : [info.latest.snapshot] };
}
