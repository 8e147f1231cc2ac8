// Bundles of the programs. Types are checked by `npm run check`, not here.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { EsbuildPlugin } from 'esbuild-loader';

const root = fileURLToPath(new URL('.', import.meta.url));

/**
 * An ES module for Node, readable rather than small. What the program's own package.json depends on stays a package
 * (native code cannot be bundled, and passport breaks in strict mode); everything else is bundled.
 * `new Worker(new URL('./x.ts', import.meta.url))` becomes a bundle of its own beside the one that starts it, so the same
 * line works from the sources and from the bundle. The default of `worker` breaks that line in module output
 * (webpack 5.112): it takes the imported Worker for the browser's as well.
 * @param {{ folder: string, node: number }} program
 * @returns {import('webpack').Configuration}
 */
function nodeProgram({ folder, node }) {
  const { dependencies } = JSON.parse(readFileSync(`${root}${folder}/package.json`, 'utf8'));
  return {
    name: folder,
    context: root,
    mode: 'production',
    target: `node${node}`,
    entry: { main: `./${folder}/main.ts` },
    output: {
      path: `${root}${folder}/dist`,
      filename: '[name].mjs',
      chunkFilename: '[name].mjs',
      workerChunkFilename: '[name].mjs',
      module: true,
      clean: true,
    },
    experiments: { outputModule: true },
    externals: Object.keys(dependencies).map((name) => ({ [name]: `module ${name}` })),
    resolve: { extensions: ['.ts', '...'] },
    module: {
      rules: [{ test: /\.ts$/, loader: 'esbuild-loader', options: { target: `node${node}` } }],
      parser: { javascript: { worker: ['Worker from node:worker_threads'] } },
    },
    optimization: { minimize: false, splitChunks: false, chunkIds: 'named' },
    devtool: 'source-map',
    performance: false,
    stats: 'errors-warnings',
  };
}

/**
 * The extension: the editor's side, and the engine's thread that it starts by path. CommonJS in `.cjs`, because the root
 * is an ES module package and older editors load nothing else; for the Node of the oldest editor supported. No native
 * code: nothing in it imports the watcher.
 * @returns {import('webpack').Configuration}
 */
function extension() {
  return {
    name: 'extension',
    context: root,
    mode: 'production',
    target: 'node22',
    entry: { extension: './extension/extension.ts', engineWorker: './extension/worker/main.ts' },
    output: {
      path: `${root}extension/dist`,
      filename: '[name].cjs',
      library: { type: 'commonjs2' },
      clean: true,
    },
    externals: { vscode: 'commonjs vscode' },
    resolve: { extensions: ['.ts', '...'] },
    module: {
      rules: [{ test: /\.ts$/, loader: 'esbuild-loader', options: { target: 'node22' } }],
      parser: { javascript: { worker: false } },
    },
    optimization: { splitChunks: false, minimizer: [new EsbuildPlugin({ target: 'node22', keepNames: true, legalComments: 'none' })] },
    devtool: 'source-map',
    performance: false,
    stats: 'errors-warnings',
  };
}

export default [nodeProgram({ folder: 'cli', node: 24 }), nodeProgram({ folder: 'server', node: 24 }), extension()];
