// Runs `--extensionTestsPath` of the desktop editor in code-server's extension host, and ends with its exit code.
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Browser } from 'playwright-core';
import { chosenHost } from '../../../scripts/vscodeHost.ts';
import { launchChromium } from './chromium.ts';
import { CodeServer } from './codeServer.ts';

const limitMs = Number(process.env['HOLDFAST_EXTENSION_HOST_LIMIT_MS'] ?? 300_000);
const drainMs = 100;
const noTests = 2;
const interrupted = 130;
const timedOut = 124;
const crashed = 125;
const died = 70;

process.exitCode = await main(process.argv.slice(2));

async function main(words: readonly string[]): Promise<number> {
  const values = (name: string): string[] => words.filter((word) => word.startsWith(`--${name}=`)).map((word) => word.slice(name.length + 3));
  const [tests] = values('extensionTestsPath');
  if (tests === undefined) {
    console.error('Only runs with --extensionTestsPath are supported.');
    return noTests;
  }
  const folder = words.filter((word) => !word.startsWith('-')).map((word) => resolve(word)).find(isFolder);
  // The driver makes a built workbench honour the payload below, and hides toasts: nothing for tests of the UI.
  const driver = takesPayload() ? ['--vscode-option', 'enable-smoke-test-driver'] : [];
  const server = await CodeServer.start({ ...(folder === undefined ? {} : { folder }), words: driver });
  let browser: Browser | undefined;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => void Promise.allSettled([browser?.close(), server.stop()]).then(() => process.exit(interrupted)));
  }
  try {
    browser = await launchChromium();
    return await runTests({ server, browser, tests, extensions: values('extensionDevelopmentPath') });
  } finally {
    await browser?.close();
    await server.stop();
  }
}

interface TestRun {
  readonly server: CodeServer;
  readonly browser: Browser;
  readonly tests: string;
  readonly extensions: readonly string[];
}

async function runTests({ server, browser, tests, extensions }: TestRun): Promise<number> {
  const [log, wrapper, done] = ['console.log', 'tests.cjs', 'completed'].map((name) => join(server.home, name)) as [string, string, string];
  writeFileSync(log, '');
  writeFileSync(wrapper, wrapperOf({ tests, log, done }));
  let shown = 0;
  const drain = (): void => {
    const bytes = readFileSync(log);
    process.stdout.write(bytes.subarray(shown));
    shown = bytes.length;
  };
  const draining = setInterval(drain, drainMs);
  let late: NodeJS.Timeout | undefined;
  try {
    const page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
    const { promise: ended, resolve: end } = Promise.withResolvers<number>();
    late = setTimeout(() => {
      console.error(`The tests did not end in ${limitMs / 1_000} s.`);
      end(timedOut);
    }, limitMs);
    page.on('crash', () => end(crashed));
    await page.exposeFunction('codeAutomationLog', () => undefined);
    await page.exposeFunction('codeAutomationExit', (code: number) => end(code));
    const uri = (path: string): string => `vscode-remote://127.0.0.1:${server.port}${resolve(path)}`;
    const development = extensions.map((path) => ['extensionDevelopmentPath', uri(path)]);
    const payload = JSON.stringify([...development, ['extensionTestsPath', uri(wrapper)], ['skipWelcome', 'true']]);
    if (!takesPayload()) await page.addInitScript(configure({ server, extensions, wrapper }));
    await page.goto(server.url(takesPayload() ? { payload } : {}));
    const code = await ended;
    // An extension host that dies is reported as a success.
    if (code !== 0 || existsSync(done)) return code;
    console.error('The extension host ended before the tests did.');
    return died;
  } finally {
    clearTimeout(late);
    clearInterval(draining);
    drain();
  }
}

/** The oldest one has no way to switch the driver on. */
function takesPayload(): boolean {
  return chosenHost() === 'current';
}

/** For the page: names the tests in the workbench's configuration, between its arrival and its being read. */
function configure({ server, extensions, wrapper }: { readonly server: CodeServer; readonly extensions: readonly string[]; readonly wrapper: string }): string {
  const uri = (path: string): object => ({ scheme: 'vscode-remote', authority: `127.0.0.1:${server.port}`, path: resolve(path) });
  const options = { extensions: extensions.map(uri), extensionTestsPath: uri(wrapper) };
  return `new MutationObserver((_changes, observer) => {
    const element = document.getElementById('vscode-workbench-web-configuration');
    if (element === null) return;
    observer.disconnect();
    const settings = JSON.parse(element.getAttribute('data-settings'));
    settings.developmentOptions = { ...settings.developmentOptions, ...${JSON.stringify(options)} };
    element.setAttribute('data-settings', JSON.stringify(settings));
  }).observe(document, { childList: true, subtree: true });`;
}

/** Runs the tests and writes the extension host's console as plain text, which the workbench does not. */
function wrapperOf({ tests, log, done }: { readonly tests: string; readonly log: string; readonly done: string }): string {
  return `const fs = require('node:fs');
const { format } = require('node:util');
const tee = Object.fromEntries(['log', 'info', 'warn', 'error'].map((name) => [name, (...all) => fs.appendFileSync(${JSON.stringify(log)}, format(...all) + '\\n')]));
globalThis.console = new Proxy(console, { get: (target, name) => tee[name] ?? target[name] }); // console.log itself cannot be replaced there
exports.run = async () => {
  await require(${JSON.stringify(tests)}).run();
  fs.writeFileSync(${JSON.stringify(done)}, '');
};
`;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
