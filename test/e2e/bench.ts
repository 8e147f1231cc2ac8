import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { after } from 'node:test';
import { systemCodeOf } from '../../base/errors.ts';
import { TestClient } from './testClient.ts';
import { TestServer } from './testServer.ts';

export const user = 'ann';
export const password = 'correct horse battery';

/** A server with one account and a client that is signed in to it, in a temporary folder that goes with the test. */
export interface Bench {
  readonly folder: string;
  readonly server: TestServer;
  readonly client: TestClient;
  /** Another installed command line of the same account. */
  another(name: string): Promise<TestClient>;
  /** Makes a folder with these files. */
  workspace(name: string, files: Readonly<Record<string, string>>): Promise<string>;
}

/** One bench for all tests of a file, opened by the first of them. */
export function shareBench(): () => Promise<Bench> {
  const cleanups: (() => Promise<unknown>)[] = [];
  after(async () => {
    for (const cleanUp of cleanups) await cleanUp();
  });
  return share(async () => await openBench({ after: (cleanUp: () => Promise<unknown>) => void cleanups.push(cleanUp) }));
}

/** Makes something once, for whoever asks first and all after. */
export function share<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}

/** What runs at the end, in the order in which it was registered: a test's context, or the hooks of a file. */
export interface Cleanup {
  after(cleanUp: () => Promise<unknown>): void;
}

export async function openBench(context: Cleanup): Promise<Bench> {
  // Registered first, so that the server is gone before its folder is.
  const started: TestServer[] = [];
  context.after(async () => await Promise.all(started.map((each) => each.kill())));
  const folder = await temporaryFolder(context);
  const data = join(folder, 'server');
  await mkdir(data);
  const server = await TestServer.start({ data });
  started.push(server);
  await server.addUser(user, password);
  const another = async (name: string): Promise<TestClient> => {
    const client = new TestClient({ home: join(folder, name), workingDirectory: folder });
    await client.login(server, user, password);
    return client;
  };
  return {
    folder,
    server,
    client: await another('client'),
    another,
    workspace: async (name, files) => await writeFiles(join(folder, name), files),
  };
}

export async function temporaryFolder(context: Cleanup): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'holdfast-e2e-')));
  context.after(async () => await removeFolder(folder));
  return folder;
}

async function removeFolder(folder: string): Promise<void> {
  try {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  } catch (error) {
    // Paths too long to be named; the system's own tool goes down step by step.
    if (systemCodeOf(error) !== 'ENAMETOOLONG') throw error;
    await promisify(execFile)('rm', ['-rf', folder]);
  }
}

/** Writes files, making folders on the way; answers the folder. */
export async function writeFiles(folder: string, files: Readonly<Record<string, string>>): Promise<string> {
  await mkdir(folder, { recursive: true });
  for (const [path, content] of Object.entries(files)) {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
  }
  return folder;
}
