import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync, type Comment, type Program } from 'oxc-parser';

/** A file of the project that is TypeScript or JavaScript, parsed. */
export interface Source {
  /** From the root of the project, with slashes. */
  readonly file: string;
  readonly text: string;
  readonly program: Program;
  readonly comments: readonly Comment[];
  readonly imports: readonly Import[];
}

/** One `import` or `export … from`, or `import('…')` of a constant. */
export interface Import {
  readonly specifier: string;
  /** Leaves nothing behind at run time. */
  readonly typeOnly: boolean;
  /** Happens later than the loading of the file, so it closes no cycle. */
  readonly dynamic: boolean;
  readonly start: number;
}

export interface Fault {
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

export interface TextFile {
  readonly file: string;
  readonly text: string;
}

const foldersLeftOut = new Set(['node_modules', 'dist', '.git', '.holdfast-dev', '.vscode-host', '.vscode-test']);
const fileBytesMax = 1 << 20;

/** Every text file of the project, by name. Binary and very large ones are left out. */
export function readTextFiles(root: string, folder = ''): TextFile[] {
  const entries = readdirSync(join(root, folder), { withFileTypes: true }).filter(({ name }) => !foldersLeftOut.has(name));
  return entries.flatMap((entry): TextFile[] => {
    const file = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) return readTextFiles(root, file);
    if (!entry.isFile()) return [];
    const bytes = readFileSync(join(root, file));
    return bytes.length > fileBytesMax || bytes.includes(0) ? [] : [{ file, text: bytes.toString('utf8') }];
  });
}

export function isSource(file: string): boolean {
  return /\.m?[jt]s$/.test(file) && !file.endsWith('.d.ts');
}

/** Throws when the file does not parse: the compiler says more about why. */
export function parseSource({ file, text }: TextFile): Source {
  const { program, comments, module, errors } = parseSync(file, text);
  if (errors[0]) throw new Error(`${file}: ${errors[0].message}`);
  const imports: Import[] = [
    ...module.staticImports.map(({ start, moduleRequest, entries }) => ({
      specifier: moduleRequest.value,
      typeOnly: /^import\s+type\b/.test(text.slice(start)) && entries.every(({ isType }) => isType),
      dynamic: false,
      start,
    })),
    ...module.staticExports.flatMap(({ start, entries }) => {
      const from = entries.find(({ moduleRequest }) => moduleRequest)?.moduleRequest;
      const typeOnly = /^export\s+type\b/.test(text.slice(start));
      return from ? [{ specifier: from.value, typeOnly, dynamic: false, start }] : [];
    }),
    ...module.dynamicImports.flatMap(({ start, moduleRequest }) => {
      const specifier = /^(['"])(.*)\1$/.exec(text.slice(moduleRequest.start, moduleRequest.end))?.[2];
      return specifier === undefined ? [] : [{ specifier, typeOnly: false, dynamic: true, start }];
    }),
  ];
  return { file, text, program, comments, imports };
}

/** Counted from 1. */
export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) line++;
  return line;
}
