import { lineAt, type Fault, type TextFile } from './source.ts';

/** Folders of source that ARCHITECTURE.md does not speak of, or that the layer table does not know. */
export function folderFaults(
  folders: readonly string[],
  { known, architecture }: { readonly known: readonly string[]; readonly architecture: string },
): Fault[] {
  return folders.flatMap((folder) => [
    ...(known.includes(folder) ? [] : [fault('scripts/layers.mjs', `has no layer for ${folder}/`)]),
    ...(architecture.includes(`\`${folder}/`) ? [] : [fault('ARCHITECTURE.md', `does not name \`${folder}/\``)]),
  ]);
}

/** Routes that docs/protocol.md does not describe. */
export function routeFaults(
  routes: readonly { readonly method: string; readonly path: string }[],
  { prefix, protocol }: { readonly prefix: string; readonly protocol: string },
): Fault[] {
  return routes
    .filter(({ method, path }) => ![path, prefix + path].some((each) => protocol.includes(`\`${method} ${each}\``)))
    .map(({ method, path }) => fault('docs/protocol.md', `does not describe \`${method} ${path}\``));
}

/** Commands that README.md does not name. */
export function commandFaults(commands: readonly string[], readme: string): Fault[] {
  return commands
    .filter((command) => !new RegExp(`holdfast ${command}\\b`).test(readme))
    .map((command) => fault('README.md', `does not name \`holdfast ${command}\``));
}

/** Absolute paths of the machine that the project happens to be developed on. */
export function machinePathFaults({ file, text }: TextFile): Fault[] {
  return Array.from(text.matchAll(/(?<![\w.\-/*}])\/(?:work|root)\/[\w.]/g), ({ index, 0: found }) => ({
    file,
    line: lineAt(text, index),
    message: `names a path of one machine: ${found}…`,
  }));
}

function fault(file: string, message: string): Fault {
  return { file, line: 1, message };
}
