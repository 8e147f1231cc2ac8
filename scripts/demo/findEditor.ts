import { posix, win32 } from 'node:path';

export type EditorName = 'code' | 'codium' | 'code-server';

export interface Editor {
  readonly name: EditorName;
  readonly file: string;
}

export interface EditorSearch {
  readonly platform: NodeJS.Platform;
  /** PATH, PATHEXT and what tells where a terminal runs. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly isProgram: (file: string) => boolean;
}

const names: readonly EditorName[] = ['code', 'codium', 'code-server'];
const extensionsOnWindows = '.COM;.EXE;.BAT;.CMD';

/** The first editor on PATH that can be given a profile of its own. */
export function findEditor({ platform, environment, isProgram }: EditorSearch): Editor | undefined {
  // In a terminal of a remote window `code` speaks to that window and installs into its profile, whatever it is told.
  if (environment['VSCODE_IPC_HOOK_CLI'] !== undefined) return undefined;
  const windows = platform === 'win32';
  const { join, delimiter, isAbsolute } = windows ? win32 : posix;
  const folders = (environment['PATH'] ?? '').split(delimiter).map(unquoted).filter((folder) => isAbsolute(folder));
  const endings = windows ? (environment['PATHEXT'] || extensionsOnWindows).split(';').filter((ending) => ending !== '') : [''];
  for (const name of names) {
    for (const folder of folders.filter((each) => !isWindowsSeenFromLinux(each, environment))) {
      const file = endings.map((ending) => join(folder, name + ending.toLowerCase())).find(isProgram);
      if (file !== undefined) return { name, file };
    }
  }
  return undefined;
}

function unquoted(folder: string): string {
  return folder.replace(/^"(.*)"$/, '$1');
}

/** The editor there is that of Windows, which would come back by way of a remote window. */
function isWindowsSeenFromLinux(folder: string, environment: EditorSearch['environment']): boolean {
  return environment['WSL_DISTRO_NAME'] !== undefined && folder.startsWith('/mnt/');
}
