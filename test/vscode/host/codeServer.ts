import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { chosenHost, installVscodeHost, vscodeHost } from '../../../scripts/vscodeHost.ts';
import { freePort } from '../../e2e/testServer.ts';

/** Current values only: the editor rewrites outdated ones when it starts, which is a save event of its own. */
const quietSettings = {
  'workbench.startupEditor': 'none',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.tips.enabled': false,
  'workbench.enableExperiments': false,
  'chat.disableAIFeatures': true,
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': 'off',
  'extensions.ignoreRecommendations': true,
  'git.enabled': false,
  'files.autoSave': 'off',
  'editor.minimap.enabled': false,
  'editor.autoIndent': 'none', // text that is typed at once stays as it is
};
const themes = { light: 'Light 2026', dark: 'Dark 2026' } as const;
const stopMs = 3_000;
const startMs = 60_000;

export interface CodeServerOptions {
  /** What it opens; an empty one of its own when left out. */
  readonly folder?: string;
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Packed extension, installed before it starts. */
  readonly vsix?: string;
  readonly words?: readonly string[];
  /** Of the extension host too. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** In which colours: HOLDFAST_THEME=dark for the other ones. */
export function theme(): keyof typeof themes {
  return process.env['HOLDFAST_THEME'] === 'dark' ? 'dark' : 'light';
}

/** A running code-server with a profile, a home and a Holdfast state of its own, all thrown away when it stops. */
export class CodeServer {
  readonly home: string;
  readonly folder: string;
  readonly port: number;
  readonly #options: CodeServerOptions;
  #child: ChildProcess | undefined;
  #log = '';

  private constructor(home: string, port: number, options: CodeServerOptions) {
    this.home = home;
    this.port = port;
    this.#options = options;
    this.folder = options.folder ?? join(home, 'workspace');
  }

  static async start(options: CodeServerOptions): Promise<CodeServer> {
    installVscodeHost(chosenHost());
    const home = await realpath(await mkdtemp(join(tmpdir(), 'holdfast-vscode-')));
    const server = new CodeServer(home, await freePort(), options);
    for (const each of ['data/User', 'extensions', 'workspace']) await mkdir(join(home, each), { recursive: true });
    await writeFile(join(home, 'data/User/settings.json'), JSON.stringify({ ...quietSettings, 'workbench.colorTheme': themes[theme()], ...options.settings }));
    await writeFile(join(home, 'config.yaml'), ''); // else it writes one for the next person
    if (options.vsix !== undefined) server.#install(options.vsix);
    await server.start();
    return server;
  }

  /** Starts it (again) on the same port and profile. */
  async start(): Promise<void> {
    const { words = [] } = this.#options;
    const quiet = ['--disable-telemetry', '--disable-update-check', '--disable-getting-started-override', '--ignore-last-opened'];
    const { node } = vscodeHost(chosenHost());
    const all = [...this.#base(), '--bind-addr', `127.0.0.1:${this.port}`, '--auth', 'none', '--disable-workspace-trust', ...quiet, ...words];
    const child = spawn(node, all, { env: this.#environment(), stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => (this.#log += part.toString()));
    const until = Date.now() + startMs;
    while (!(await this.#healthy())) {
      if (Date.now() > until || child.exitCode !== null) throw new Error(`code-server did not start:\n${this.#log}`);
      await sleep(100);
    }
  }

  /** Everything that it said. */
  get log(): string {
    return this.#log;
  }

  get pid(): number {
    return this.#child!.pid!;
  }

  url(query: Readonly<Record<string, string>> = {}): string {
    return `http://127.0.0.1:${this.port}/?${new URLSearchParams({ folder: this.folder, ...query }).toString()}`;
  }

  /** As a crash would; answers how many there were. */
  async killExtensionHosts(): Promise<number> {
    const hosts = (await descendantsOf(this.pid)).filter(({ command }) => command.includes('--type=extensionHost'));
    for (const { pid } of hosts) process.kill(pid, 'SIGKILL');
    return hosts.length;
  }

  async stop(): Promise<void> {
    await this.#end();
    await rm(this.home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }

  async #end(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGTERM'); // it passes that on to the processes it started
    const late = new AbortController();
    await Promise.race([gone, sleep(stopMs, undefined, { signal: late.signal }).then(() => child.kill('SIGKILL'), () => undefined)]);
    late.abort();
    await gone;
  }

  #install(vsix: string): void {
    const { node } = vscodeHost(chosenHost());
    const done = spawnSync(node, [...this.#base(), '--install-extension', vsix], { env: this.#environment(), encoding: 'utf8' });
    if (done.status !== 0) throw new Error(`The .vsix could not be installed:\n${done.stdout}${done.stderr}`);
  }

  #base(): string[] {
    const { home } = this;
    return [vscodeHost(chosenHost()).entry, '--config', join(home, 'config.yaml'), '--user-data-dir', join(home, 'data'), '--extensions-dir', join(home, 'extensions')];
  }

  /** Nothing of an editor that these tests run in, and no state of the person who runs them. */
  #environment(): NodeJS.ProcessEnv {
    const inherited = Object.entries(process.env).filter(([key]) => key !== 'PORT' && key !== 'NODE_TEST_CONTEXT' && (!key.startsWith('VSCODE_') || key === 'VSCODE_TEST_OPTIONS'));
    return { ...Object.fromEntries(inherited), HOME: this.home, HOLDFAST_HOME: join(this.home, 'holdfast'), ...this.#options.environment };
  }

  async #healthy(): Promise<boolean> {
    return await fetch(`http://127.0.0.1:${this.port}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    );
  }
}

async function descendantsOf(pid: number): Promise<{ readonly pid: number; readonly command: string }[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '' /* it has just ended */);
  const children = text.split(' ').filter((each) => each !== '').map(Number);
  const found = await Promise.all(
    children.map(async (child) => {
      const command = await readFile(`/proc/${child}/cmdline`, 'utf8').catch(() => '' /* it has just ended */);
      return [{ pid: child, command }, ...(await descendantsOf(child))];
    }),
  );
  return found.flat();
}
