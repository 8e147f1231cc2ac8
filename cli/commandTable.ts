import type { Command } from './command.ts';
import { devices } from './commands/devices.ts';
import { login } from './commands/login.ts';
import { logout } from './commands/logout.ts';
import { whoami } from './commands/whoami.ts';
import { workspaces } from './commands/workspaces.ts';

/** Every command, in the order in which help shows them. */
export const commandTable: readonly Command[] = [login, logout, whoami, workspaces, devices];
