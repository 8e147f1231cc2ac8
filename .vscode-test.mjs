// Tests inside the editor, bundled from test/vscode/: `npx vscode-test`.
import { defineConfig } from '@vscode/test-cli';

export default defineConfig({
  files: 'dist/test/vscode/**/*.test.js',
  version: '1.105.0',
  mocha: { ui: 'tdd', timeout: 20_000 },
});
