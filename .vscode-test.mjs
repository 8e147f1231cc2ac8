// Tests inside the editor's extension host, bundled from test/vscode/suite/ by `npm run test:vscode`.
import { defineConfig } from '@vscode/test-cli';
import { existsSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const at = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));
mkdirSync(at('./.vscode-test/workspace'), { recursive: true }); // filled by each suite

export default defineConfig({
  files: '.vscode-test/suite/**/*.test.cjs',
  workspaceFolder: at('./.vscode-test/workspace'),
  mocha: { ui: 'tdd', timeout: 20_000 },
  // code-server from npm where it is installed; a downloaded VS Code, the oldest that the manifest admits, elsewhere.
  ...(existsSync(at('./.vscode-host')) ? { useInstallation: { fromPath: at('./test/vscode/host/code') } } : { version: '1.105.0' }),
});
