import { openSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { connect } from 'node:tls';
import { runProgram, startProgram } from './demoPrograms.ts';
import type { DemoAddress, DemoPlaces, DemoState } from './demoState.ts';

const host = '127.0.0.1';
const portWanted = 8420;
const portsTried = 100;
const answerMsMax = 3_000;

/** The demonstration's server, started by us or found running. */
export interface DemoServer extends DemoAddress {
  readonly url: string;
  /** Whether another `npm start` runs it. */
  readonly reused: boolean;
  /** Resolves when it ended by itself; never for a reused one. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

export async function startDemoServer(places: DemoPlaces, state: DemoState): Promise<DemoServer> {
  await mkdir(places.serverData, { recursive: true, mode: 0o700 });
  const last = state.server;
  if (last !== undefined && (await fingerprintAt(last.port)) === last.fingerprint) {
    return { ...last, url: urlOf(last.port), reused: true, ended: new Promise(() => {}), stop: () => Promise.resolve() };
  }
  return await startOwn(places, await chooseFreePort(portWanted));
}

/** Makes sure that the user exists with the remembered password. */
export async function ensureDemoUser(places: DemoPlaces, { user, password }: DemoState): Promise<void> {
  const run = async (action: 'add' | 'passwd'): ReturnType<typeof runProgram> =>
    await runProgram({
      program: 'holdfast-server',
      words: ['user', action, user, '--password-stdin', '--data', places.serverData],
      input: `${password}\n`,
      output: 'take',
    });
  if ((await run('add')).code === 0) return;
  const changed = await run('passwd');
  if (changed.code !== 0) throw new Error(`The user ${user} could not be made.\n${changed.stderr}`);
}

async function startOwn(places: DemoPlaces, port: number): Promise<DemoServer> {
  const log = openSync(places.serverLog, 'a', 0o600);
  const child = startProgram({
    program: 'holdfast-server',
    words: ['start', '--data', places.serverData, '--listen', `${host}:${port}`, '--json'],
    stdio: ['ignore', 'pipe', log],
  });
  const ended = once(child, 'close').then(() => {});
  const line = await Promise.race([firstLine(child.stdout!), ended]);
  if (line === undefined) throw new Error(`The server did not start; see ${places.serverLog}.`);
  const { fingerprint } = JSON.parse(line) as { readonly fingerprint: string };
  return {
    port,
    fingerprint: fingerprint.replaceAll(':', '').toLowerCase(),
    pid: child.pid!,
    url: urlOf(port),
    reused: false,
    ended,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

async function firstLine(stream: NodeJS.ReadableStream): Promise<string | undefined> {
  for await (const line of createInterface({ input: stream })) return line;
  return undefined;
}

function urlOf(port: number): string {
  return `https://${host}:${port}`;
}

/** The SHA-256 of the certificate of whatever answers there; undefined when nothing does. */
async function fingerprintAt(port: number): Promise<string | undefined> {
  return await new Promise((resolve) => {
    const socket = connect({ host, port, rejectUnauthorized: false, timeout: answerMsMax });
    const answer = (fingerprint: string | undefined): void => {
      socket.destroy();
      resolve(fingerprint);
    };
    socket.once('secureConnect', () => answer(socket.getPeerX509Certificate()?.fingerprint256.replaceAll(':', '').toLowerCase()));
    socket.once('error', () => answer(undefined));
    socket.once('timeout', () => answer(undefined));
  });
}

/** The first of a hundred that nobody listens at. */
export async function chooseFreePort(first: number): Promise<number> {
  for (let port = first; port < first + portsTried; port++) if (await canListen(port)) return port;
  throw new Error(`All ports from ${first} to ${first + portsTried - 1} are taken.`);
}

async function canListen(port: number): Promise<boolean> {
  const probe = createServer();
  return await new Promise((resolve) => {
    probe.once('error', () => resolve(false));
    probe.listen(port, host, () => {
      const { port: got } = probe.address() as AddressInfo;
      probe.close(() => resolve(got === port));
    });
  });
}
