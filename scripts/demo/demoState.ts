import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What the demonstration remembers between starts, in git-ignored `.holdfast-dev/`. */
export interface DemoState {
  readonly user: string;
  readonly password: string;
  /** Of the server that ran last; it may still run. */
  readonly server: DemoAddress | undefined;
}

export interface DemoAddress {
  readonly port: number;
  readonly fingerprint: string;
  readonly pid: number;
}

export interface DemoPlaces {
  readonly folder: string;
  readonly serverData: string;
  readonly serverLog: string;
  /** The HOLDFAST_HOME of the demonstration's own command line. */
  readonly clientHome: string;
  readonly sample: string;
  readonly restored: string;
  /** The throw-away profile and extensions of the editor. */
  readonly editor: string;
}

export function demoPlaces(folder: string): DemoPlaces {
  return {
    folder,
    serverData: join(folder, 'server'),
    serverLog: join(folder, 'server.log'),
    clientHome: join(folder, 'client'),
    sample: join(folder, 'sample'),
    restored: join(folder, 'sample-before'),
    editor: join(folder, 'editor'),
  };
}

/** What was remembered, or a new user with a random password. */
export async function openDemoState(places: DemoPlaces): Promise<DemoState> {
  await mkdir(places.folder, { recursive: true, mode: 0o700 });
  try {
    return JSON.parse(await readFile(stateFile(places), 'utf8')) as DemoState;
  } catch {
    // The first start, or a file that was damaged by hand: a new password is set on the server below either way.
    const state = { user: 'demo', password: randomBytes(12).toString('base64url'), server: undefined };
    await saveDemoState(places, state);
    return state;
  }
}

export async function saveDemoState(places: DemoPlaces, state: DemoState): Promise<void> {
  const file = stateFile(places);
  await writeFile(`${file}.new`, `${JSON.stringify(state, undefined, 2)}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

function stateFile(places: DemoPlaces): string {
  return join(places.folder, 'demo.json');
}
