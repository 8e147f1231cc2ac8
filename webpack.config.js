// Bundles of the programs. Types are checked by `npm run check`, not here.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('.', import.meta.url));

/**
 * An ES module for Node, readable rather than small. What the program's own package.json depends on stays a package
 * (native code cannot be bundled, and passport breaks in strict mode); everything else is bundled.
 * Each worker is an entry, because webpack 5.112 breaks `new Worker(new URL(…))` in module output: URLs of workers are
 * left as written, and the program chooses `./name.mjs` when it runs from the bundle.
 * @param {{ folder: string, node: number, entry: Record<string, string> }} program
 * @returns {import('webpack').Configuration}
 */
function nodeProgram({ folder, node, entry }) {
  const { dependencies } = JSON.parse(readFileSync(`${root}${folder}/package.json`, 'utf8'));
  return {
    name: folder,
    context: root,
    mode: 'production',
    target: `node${node}`,
    entry,
    output: { path: `${root}${folder}/dist`, filename: '[name].mjs', module: true, clean: true },
    experiments: { outputModule: true },
    externals: Object.keys(dependencies).map((name) => ({ [name]: `module ${name}` })),
    resolve: { extensions: ['.ts', '...'] },
    module: {
      rules: [{ test: /\.ts$/, loader: 'esbuild-loader', options: { target: `node${node}` } }],
      parser: { javascript: { importMeta: false, url: false, worker: false } },
    },
    optimization: { minimize: false, splitChunks: false, chunkIds: 'named' },
    devtool: 'source-map',
    performance: false,
    stats: 'errors-warnings',
  };
}

export default [
  nodeProgram({ folder: 'cli', node: 24, entry: { main: './cli/main.ts' } }),
  nodeProgram({ folder: 'server', node: 24, entry: { main: './server/main.ts' } }),
];
