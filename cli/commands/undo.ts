import { BackupError } from '../../base/errors.ts';
import type { Call, Command, Outcome } from '../command.ts';
import { performUndo } from '../folder/performRestore.ts';
import { readRules } from '../session/settings.ts';
import { withServer, type Server } from '../session/server.ts';
import { findPlace } from '../workspace/findPlace.ts';
import { followedPath } from '../workspace/physicalPath.ts';

export const undo: Command = {
  name: 'undo',
  summary: 'Takes back the last in-place restore of the folder you are in',
  operands: [],
  flags: {},
  notes: ['Again, it takes the undo back.'],
  run: async (call) => await withServer(call, async (server) => await runUndo(call, server)),
};

async function runUndo(call: Call, server: Server): Promise<Outcome> {
  // What is remembered here is enough: what a restore set aside comes back without the server.
  const place = await findPlace(server, { call, physical: await followedPath('.') });
  if (place === undefined) throw new BackupError('not-found', 'This folder is not backed up from this machine.');
  const { folder, identity } = place;
  const rules = await readRules(call);
  return await performUndo({ call, server, folder, identity, name: undefined, rules });
}
