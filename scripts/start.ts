// `npm start [-- DIR] [-- --once]`: Holdfast on your own machine in one command, as a demonstration that goes on serving.
import { statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { buildIfStale } from './build.ts';
import { demonstrate, loginLine, say } from './demo/demonstration.ts';
import { ensureDemoUser, startDemoServer, type DemoServer } from './demo/demoServer.ts';
import { demoPlaces, openDemoState, saveDemoState, type DemoPlaces, type DemoState } from './demo/demoState.ts';
import { installText, openEditor, type OpenedEditor } from './demo/openEditor.ts';
import { vsixFile } from './package.ts';
import { root } from './runTool.ts';

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));

async function main(words: readonly string[]): Promise<number> {
  const { once, folder } = parseWords(words);
  if (folder !== undefined && !isFolder(folder)) return fail(2, `${folder} is not a folder.`);
  const built = await buildIfStale();
  if (built !== 0) return fail(built, 'The programs could not be built.');
  const places = demoPlaces(process.env['HOLDFAST_DEV_FOLDER'] ?? join(root, '.holdfast-dev'));
  const state = await openDemoState(places);
  const stopping = stopSignal();
  let server: DemoServer | undefined;
  let editor: OpenedEditor | undefined;
  try {
    server = await startDemoServer(places, state);
    const { port, fingerprint, pid } = server;
    await saveDemoState(places, { ...state, server: { port, fingerprint, pid } });
    say(server.reused ? `The server of an earlier npm start (process ${pid}) serves at ${server.url}.` : `The server serves at ${server.url}.`);
    await ensureDemoUser(places, state);
    await demonstrate({ places, state, server, folder });
    if (once || server.reused) say(`\nThe extension: npm run package makes ${basename(vsixFile())}. ${installText(vsixFile())}`);
    else editor = await openEditor({ places, state, folder: folder ?? places.sample });
    return once || stopping.asked ? 0 : await keepServing({ places, state, server, stopping });
  } catch (error) {
    if (stopping.asked) return 0;
    return fail(1, `The demonstration stopped: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    editor?.stop();
    await server?.stop();
  }
}

async function keepServing(one: {
  readonly places: DemoPlaces;
  readonly state: DemoState;
  readonly server: DemoServer;
  readonly stopping: Stopping;
}): Promise<number> {
  const { places, state, server, stopping } = one;
  say('\nThat was the demonstration. To back up a folder of your own, sign in from another terminal, or in the editor with the same line:');
  say(`\n  npx --no holdfast login ${loginLine(state, server)}\n  password: ${state.password}\n`);
  say('  npx --no holdfast push FOLDER\n  npx --no holdfast watch FOLDER\n');
  say(`Everything it keeps is in ${places.folder}.`);
  if (server.reused) return 0;
  say('Serving. Ctrl-C stops it.');
  await Promise.race([stopping.promise, server.ended]);
  if (!stopping.asked) return fail(1, `The server ended by itself; see ${places.serverLog}.`);
  say('\nStopping.');
  return 0;
}

interface Stopping {
  readonly promise: Promise<void>;
  readonly asked: boolean;
}

/** Ctrl-C and a polite request to end. */
function stopSignal(): Stopping {
  const stopping = { asked: false, promise: Promise.resolve() };
  stopping.promise = new Promise((done) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        stopping.asked = true;
        done();
      });
    }
  });
  return stopping;
}

function parseWords(words: readonly string[]): { readonly once: boolean; readonly folder: string | undefined } {
  try {
    const { values, positionals } = parseArgs({ args: [...words], options: { once: { type: 'boolean' } }, allowPositionals: true });
    if (positionals.length > 1) throw new Error('One folder at most.');
    return { once: values.once === true, folder: positionals[0] === undefined ? undefined : resolve(process.env['INIT_CWD'] ?? '.', positionals[0]) };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\nUsage: npm start [-- DIR] [-- --once]`);
    process.exit(2);
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function fail(code: number, text: string): number {
  console.error(text);
  return code;
}
