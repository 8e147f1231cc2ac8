// Who may import whom: the one table, read by the lint rule (scripts/lintLayers.mjs) and by test/tidy.test.ts.
// A file belongs to the layer with the longest folder that holds it. Tests (*.test.ts) and test/ may import anything.
import { posix } from 'node:path';
import { isBuiltin } from 'node:module';

/**
 * @typedef {object} Layer
 * @property {string} folder
 * @property {readonly string[]} layers whose files it may import; its own are always allowed
 * @property {readonly string[]} [types] layers and packages of which it may import only types
 * @property {readonly string[]} [packages] third-party packages that it may import
 * @property {'any' | 'none'} node whether it may import `node:` modules
 * @property {true} [typesOnly] it may hold no value import at all
 */

const pure = ['base', 'protocol', 'engine/core'];
const engine = [...pure, 'engine/ports', 'engine/run', 'engine/store', 'engine/platform'];

/** @type {readonly Layer[]} */
export const layers = [
  { folder: 'base', layers: [], node: 'none' },
  { folder: 'protocol', layers: ['base'], node: 'none' },

  {
    folder: 'engine/core',
    layers: ['base', 'protocol'],
    types: ['engine/ports'], // of hashing, sealing and compressing: pure functions that the platform passes in
    packages: ['cborg', 'ignore', 'jszip'],
    node: 'none',
  },
  { folder: 'engine/ports', layers: pure, node: 'none', typesOnly: true },
  { folder: 'engine/run', layers: [...pure, 'engine/ports'], node: 'none' },
  { folder: 'engine/store', layers: [...pure, 'engine/ports'], packages: ['axios', 'form-data'], node: 'any' },
  {
    folder: 'engine/platform',
    layers: ['base', 'engine/core', 'engine/ports'],
    types: ['protocol'],
    packages: ['@parcel/watcher', 'fzstd'],
    node: 'any',
  },
  { folder: 'engine/testing', layers: engine, packages: ['fast-check'], node: 'any' },

  {
    folder: 'server/core',
    layers: [...pure, 'engine/ports', 'engine/store', 'engine/platform'],
    types: ['server/db', 'server/blobs', 'kysely'],
    node: 'any',
  },
  { folder: 'server/db', layers: [...pure, 'engine/ports', 'engine/platform', 'server/core'], packages: ['kysely'], node: 'any' },
  { folder: 'server/blobs', layers: [...pure, 'engine/ports', 'engine/platform', 'server/core'], node: 'any' },
  {
    folder: 'server/auth',
    layers: [...pure, 'engine/ports', 'engine/platform', 'server/core'],
    types: ['server/db'],
    packages: ['express', 'passport', 'passport-http-bearer', 'passport-local', 'rate-limiter-flexible'],
    node: 'any',
  },
  {
    folder: 'server/routes',
    layers: [...pure, 'engine/ports', 'engine/platform', 'server/core', 'server/auth'],
    types: ['server/db'],
    packages: ['busboy', 'express', 'helmet', 'passport', 'rate-limiter-flexible'],
    node: 'any',
  },
  {
    folder: 'server', // main.ts, compose.ts and what they set up: certificate, listener, log
    layers: [
      ...pure,
      'engine/ports',
      'engine/store',
      'engine/platform',
      'server/core',
      'server/db',
      'server/blobs',
      'server/auth',
      'server/routes',
    ],
    packages: ['@peculiar/x509', 'reflect-metadata'],
    node: 'any',
  },

  { folder: 'extension/messages', layers: ['base', 'protocol'], types: engine, node: 'none' },
  { folder: 'extension/model', layers: [...pure, 'extension/messages'], types: engine, node: 'none' }, // decides, knows no editor
  { folder: 'extension/worker', layers: [...engine, 'extension/messages'], node: 'any' },
  {
    folder: 'extension', // the editor's side
    layers: ['base', 'protocol', 'engine/core', 'engine/platform', 'extension/messages', 'extension/model'],
    types: engine,
    packages: ['vscode'],
    node: 'any',
  },
  { folder: 'cli', layers: engine, node: 'any' },

  { folder: 'bench', layers: [...engine, 'engine/testing'], node: 'any' },
  { folder: 'scripts', layers: [...engine, 'engine/testing'], packages: ['esbuild', 'oxc-parser'], node: 'any' },
];

/** Top-level folders that hold source, `test` included. */
export const sourceFolders = [...new Set(layers.map(({ folder }) => folder.replace(/\/.*/, ''))), 'test'];

/** @param {string} file path from the root of the project, with slashes */
export function layerOf(file) {
  return layers
    .filter(({ folder }) => file.startsWith(`${folder}/`))
    .reduce((best, each) => (best && best.folder.length >= each.folder.length ? best : each), /** @type {Layer | undefined} */ (undefined));
}

/** @param {string} file */
export function isTest(file) {
  return file.startsWith('test/') || /\.test\.m?[jt]s$/.test(file);
}

/**
 * Says what is wrong with one import, or nothing.
 * @param {{ file: string, specifier: string, typeOnly: boolean }} one `file` is a path from the root, with slashes
 * @returns {string | undefined}
 */
export function importFault({ file, specifier, typeOnly }) {
  const layer = layerOf(file);
  if (isTest(file) || !layer) return undefined;
  if (layer.typesOnly && !typeOnly) return `${layer.folder} holds interfaces only: write \`import type\` for ${specifier}`;
  if (specifier.startsWith('.')) return relativeFault({ file, layer, specifier, typeOnly });
  if (isBuiltin(specifier)) return builtinFault({ layer, specifier });
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
  if (layer.packages?.includes(name) || (typeOnly && layer.types?.includes(name))) return undefined;
  return `${layer.folder} may not import the package ${name} (scripts/layers.mjs)`;
}

/** @param {{ file: string, layer: Layer, specifier: string, typeOnly: boolean }} one */
function relativeFault({ file, layer, specifier, typeOnly }) {
  const target = posix.join(posix.dirname(file), specifier);
  if (isTest(target)) return `${target} is a test: only tests may import it`;
  const other = layerOf(target);
  if (!other) return `${target} belongs to no layer (scripts/layers.mjs)`;
  if (other.folder === layer.folder || layer.layers.includes(other.folder)) return undefined;
  if (typeOnly && layer.types?.includes(other.folder)) return undefined;
  return `${layer.folder} may not import ${other.folder} (scripts/layers.mjs)`;
}

/** @param {{ layer: Layer, specifier: string }} one */
function builtinFault({ layer, specifier }) {
  if (!specifier.startsWith('node:')) return `write node:${specifier}`;
  return layer.node === 'any' ? undefined : `${layer.folder} may not import ${specifier}: use a port (scripts/layers.mjs)`;
}
