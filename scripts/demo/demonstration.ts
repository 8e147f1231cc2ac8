import { rm } from 'node:fs/promises';
import { relative } from 'node:path';
import { compareFolders } from './compareFolders.ts';
import { runProgram } from './demoPrograms.ts';
import type { DemoServer } from './demoServer.ts';
import type { DemoPlaces, DemoState } from './demoState.ts';
import { editedFile, editSample, ensureSample } from './sampleWorkspace.ts';

export interface DemonstrationOptions {
  readonly places: DemoPlaces;
  readonly state: DemoState;
  readonly server: DemoServer;
  /** The person's own folder: backed up and compared, never written to. The sample when left out. */
  readonly folder: string | undefined;
}

/** Backs up, edits, lists, restores beside and compares, with the commands that a person would type. */
export async function demonstrate({ places, state, server, folder }: DemonstrationOptions): Promise<void> {
  const client = new DemoClient(places);
  const target = folder ?? places.sample;
  say(`\nSigning in as ${state.user}, password ${state.password}.`);
  await client.signIn(state, server);
  if (folder === undefined) await ensureSample(places.sample);
  say(folder === undefined ? '\nFirst backup of a sample folder.' : '\nBacking up your folder. Nothing in it is changed.');
  await client.show(['push', target, '--message', 'First look']);
  const older = await client.latest(target);
  let added: string | undefined;
  if (folder === undefined) {
    added = await editSample(places.sample);
    say(`\nNow ${editedFile} gets one more line, and the folder is backed up again.`);
    await client.show(['push', target, '--message', `Edited ${editedFile}`]);
  }
  say('\nEvery version is there:');
  await client.show(['snapshots', target, '--limit', '5']);
  say(`\n${added === undefined ? 'Restoring it' : 'Restoring the older version'} beside the folder.`);
  await rm(places.restored, { recursive: true, force: true });
  await client.show(['restore', older.slice(0, 12), '--to', places.restored]);
  await compare({ places, target, added });
}

async function compare(one: { readonly places: DemoPlaces; readonly target: string; readonly added: string | undefined }): Promise<void> {
  const { same, different } = await compareFolders(one.places.restored, one.target);
  const expected = one.added === undefined ? [] : [editedFile];
  say(`\nCompared byte for byte: ${same} files are the same.`);
  if (one.added !== undefined && different.length === 1 && different[0] === editedFile) {
    say(`${editedFile} is the older one: the line “${one.added}” is not in it. The newer one stays where you work.`);
  }
  const surprising = different.filter((path) => !expected.includes(path));
  if (one.added !== undefined && !different.includes(editedFile)) throw new Error('The restored version is not the older one.');
  if (surprising.length === 0) return;
  if (one.added !== undefined) throw new Error(`These came back different: ${surprising.join(', ')}.`);
  say(`These changed since they were backed up: ${surprising.slice(0, 10).join(', ')}${surprising.length > 10 ? ', …' : ''}`);
}

/** The built command line with a HOLDFAST_HOME of its own. */
class DemoClient {
  readonly #environment: Readonly<Record<string, string>>;

  constructor(places: DemoPlaces) {
    this.#environment = { HOLDFAST_HOME: places.clientHome };
  }

  async signIn(state: DemoState, server: DemoServer): Promise<void> {
    const who = await this.#take(['whoami']);
    if (who.code === 0 && who.document['url'] === server.url) return;
    const login = ['login', loginLine(state, server), '--password-stdin', '--device', 'npm start'];
    await this.show(login, `${state.password}\n`);
  }

  /** Prints the command, runs it, and stops the demonstration when it fails. */
  async show(words: readonly string[], input = ''): Promise<void> {
    say(`$ npx --no holdfast ${words.map(shellWord).join(' ')}`);
    const run = { program: 'holdfast', words, environment: this.#environment, input, output: 'show' } as const;
    const { code } = await runProgram(run);
    if (code !== 0) throw new Error(`That command ended with exit code ${code}.`);
  }

  async latest(folder: string): Promise<string> {
    const { document } = await this.#take(['snapshots', folder, '--limit', '1']);
    return (document['snapshots'] as readonly { readonly snapshot: string }[])[0]!.snapshot;
  }

  async #take(words: readonly string[]): Promise<{ readonly code: number; readonly document: Readonly<Record<string, unknown>> }> {
    const { code, stdout } = await runProgram({
      program: 'holdfast',
      words: [...words, '--json'],
      environment: this.#environment,
      output: 'take',
    });
    return { code, document: JSON.parse(stdout) as Readonly<Record<string, unknown>> };
  }
}

export function loginLine({ user }: DemoState, { port, fingerprint }: DemoServer): string {
  return `holdfast://${user}@127.0.0.1:${port}#${fingerprint}`;
}

/** As one would type it here. */
export function shellWord(word: string): string {
  const near = word.startsWith('/') ? relative(process.cwd(), word) : word;
  const short = near.startsWith('..') ? word : near;
  return /^[\w@%+=:,./#-]+$/.test(short) ? short : `'${short.replaceAll("'", `'\\''`)}'`;
}

export function say(text: string): void {
  console.log(text);
}
