import type { Command } from './command.ts';
import { cat } from './commands/cat.ts';
import { clone } from './commands/clone.ts';
import { devices } from './commands/devices.ts';
import { diff } from './commands/diff.ts';
import { history } from './commands/history.ts';
import { inspect } from './commands/inspect.ts';
import { login } from './commands/login.ts';
import { logout } from './commands/logout.ts';
import { push } from './commands/push.ts';
import { restore } from './commands/restore.ts';
import { ls } from './commands/ls.ts';
import { snapshots } from './commands/snapshots.ts';
import { whoami } from './commands/whoami.ts';
import { undo } from './commands/undo.ts';
import { verify } from './commands/verify.ts';
import { watch } from './commands/watch.ts';
import { why } from './commands/why.ts';
import { workspaces } from './commands/workspaces.ts';

/** Every command, in the order in which help shows them. */
export const commandTable: readonly Command[] = [
  login,
  logout,
  whoami,
  workspaces,
  devices,
  push,
  watch,
  clone,
  snapshots,
  ls,
  cat,
  diff,
  history,
  restore,
  undo,
  why,
  verify,
  inspect,
];
