import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

const candidates = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome-stable', '/usr/bin/google-chrome'];
const installLine = 'apt-get update && apt-get install -y --no-install-recommends chromium fonts-dejavu-core';

/** The Chromium of this machine, without a window. Errors: with the line that installs it, when there is none. */
export async function launchChromium(): Promise<Browser> {
  const executablePath = [process.env['CHROMIUM'] ?? '', ...candidates].find((each) => existsSync(each));
  if (executablePath === undefined) throw new Error(`The tests of the extension need Chromium:\n\n  ${installLine}\n`);
  const quiet = ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
  return await chromium.launch({ executablePath, args: ['--no-sandbox', ...quiet] });
}
