import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { packExtension, vsixFile } from '../package.ts';
import { say, shellWord } from './demonstration.ts';
import { chooseFreePort } from './demoServer.ts';
import type { DemoPlaces, DemoState } from './demoState.ts';
import { findEditor, type Editor } from './findEditor.ts';

const codeServerPortWanted = 8430;
const windows = process.platform === 'win32';

export interface EditorOptions {
  readonly places: DemoPlaces;
  readonly state: DemoState;
  /** What it opens. */
  readonly folder: string;
}

/** An editor that was opened. A window of its own goes on without us; code-server is a server, and ends with us. */
export interface OpenedEditor {
  stop(): void;
}

const notOpened: OpenedEditor = { stop() {} };

/** Packs the extension and opens it in an editor that is on PATH, with a throw-away profile; else says how to install it. */
export async function openEditor({ places, state, folder }: EditorOptions): Promise<OpenedEditor> {
  say('\nPacking the extension.');
  const vsix = join(places.folder, basename(vsixFile()));
  if ((await packExtension(vsix)) !== 0) {
    say('The extension could not be packed; the command line works without it.');
    return notOpened;
  }
  const editor = findEditor({ platform: process.platform, environment: process.env, isProgram });
  if (editor === undefined) {
    say(installText(vsix));
    return notOpened;
  }
  const profile = ['--user-data-dir', join(places.editor, 'profile'), '--extensions-dir', join(places.editor, 'extensions')];
  if (editor.name === 'code-server') profile.push('--config', join(places.editor, 'code-server.yaml'));
  await mkdir(places.editor, { recursive: true, mode: 0o700 });
  if (!(await install({ editor, places, words: [...profile, '--install-extension', vsix, '--force'] }))) {
    say(`${editor.file} did not take the extension. ${installText(vsix)}`);
    return notOpened;
  }
  return editor.name === 'code-server'
    ? await serveEditor({ editor, places, state, words: [...profile, folder] })
    : openWindow({ editor, places, words: [...profile, '--new-window', folder] });
}

/** The one line for whoever has to do it by hand. */
export function installText(vsix: string): string {
  return `To install the extension: code --install-extension ${shellWord(vsix)}   (or “Install from VSIX…” in the Extensions view)`;
}

interface EditorRun {
  readonly editor: Editor;
  readonly places: DemoPlaces;
  readonly words: readonly string[];
}

async function install(run: EditorRun): Promise<boolean> {
  return (await endOf(startEditor(run, { stdio: ['ignore', 'inherit', 'inherit'] }))) === 0;
}

function openWindow(run: EditorRun): OpenedEditor {
  const child = startEditor(run, { stdio: 'ignore', detached: !windows });
  child.once('error', ({ message }) => say(`${run.editor.file} did not start: ${message}`));
  child.unref();
  say(`Opened it in ${run.editor.file}, with a profile of its own in ${run.places.editor}. Sign in there with the line below: Backup: Sign In.`);
  return notOpened;
}

async function serveEditor(run: EditorRun & { readonly state: DemoState }): Promise<OpenedEditor> {
  const port = await chooseFreePort(codeServerPortWanted);
  const words = ['--bind-addr', `127.0.0.1:${port}`, '--auth', 'password', '--disable-telemetry', '--disable-update-check', ...run.words];
  // Not without a password: whoever else is on this machine could run programs by it.
  const child = startEditor({ ...run, words }, { stdio: 'ignore', environment: { PASSWORD: run.state.password } });
  child.once('error', ({ message }) => say(`${run.editor.file} did not start: ${message}`));
  say(`The editor is at http://127.0.0.1:${port}/, password ${run.state.password}. Sign in there with the line below: Backup: Sign In.`);
  return { stop: () => void child.kill('SIGTERM') };
}

interface StartOptions {
  readonly stdio: StdioOptions;
  readonly detached?: boolean;
  readonly environment?: Readonly<Record<string, string>>;
}

function startEditor({ editor, places, words }: EditorRun, { stdio, detached = false, environment }: StartOptions): ChildProcess {
  // `code` is a .cmd on Windows, and those start only through a shell, which takes the words apart unless they are quoted.
  const quoted = (word: string): string => (windows ? `"${word}"` : word);
  // Whatever it is told, code-server writes its heartbeat and its logs beside the person's own profile.
  const own = editor.name === 'code-server' ? { XDG_DATA_HOME: join(places.editor, 'data') } : {};
  const env = { ...process.env, HOLDFAST_HOME: places.clientHome, ...own, ...environment };
  return spawn(quoted(editor.file), words.map(quoted), { env, stdio, detached, shell: windows });
}

async function endOf(child: ChildProcess): Promise<number> {
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    return code ?? 1;
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    return 1;
  }
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    // Not there, or not to be started by us.
    return false;
  }
}
