import type { Function as FunctionNode, ArrowFunctionExpression, Node } from 'oxc-parser';
import { lineAt, type Fault, type Source } from './source.ts';
import { isName, walk } from './walk.ts';

export const functionLinesMax = 70;
export const fileLinesMax = 500;

/** Something that is longer than the rest may be, how long, and why. It may shrink, not grow. */
export interface Spared {
  readonly file: string;
  /** The name of the function; none means the file itself. */
  readonly name?: string;
  readonly lines: number;
  readonly reason: string;
}

/** Functions and files that are too long, and entries of the list that nothing needs any more. */
export function sizeFaults(source: Source, spared: readonly Spared[]): Fault[] {
  const { file, text } = source;
  const lines = lineAt(text, text.trimEnd().length);
  const found = [
    { name: undefined, line: 1, lines, max: fileLinesMax },
    ...functionsIn(source).map((each) => ({ ...each, max: functionLinesMax })),
  ].filter((each) => each.lines > each.max);

  const faults = found.flatMap(({ name, line, lines, max }) => {
    const allowed = spared.find((each) => each.file === file && each.name === name)?.lines ?? max;
    if (lines <= allowed) return [];
    return [{ file, line, message: `${name ?? 'the file'} has ${lines} lines, at most ${allowed} are allowed (scripts/ratchet.mjs)` }];
  });
  const stale = spared.filter((each) => each.file === file && !found.some(({ name }) => name === each.name));
  return [
    ...faults,
    ...stale.map(({ name }) => ({ file, line: 1, message: `${name ?? 'the file'} need not be in scripts/ratchet.mjs any more` })),
  ];
}

interface Measured {
  readonly name: string;
  readonly line: number;
  readonly lines: number;
}

/** A `describe` is not a function to be understood at once, so its callback is not measured. */
function functionsIn({ text, program }: Source): Measured[] {
  const found: Measured[] = [];
  walk(program, (node, parent) => {
    if (!isFunction(node) || (parent?.type === 'CallExpression' && ['describe', 'suite'].some((name) => isName(parent.callee, name)))) {
      return;
    }
    const line = lineAt(text, node.start);
    found.push({ name: nameOf(node, parent), line, lines: lineAt(text, node.end) - line + 1 });
  });
  return found;
}

function isFunction(node: Node): node is FunctionNode | ArrowFunctionExpression {
  return ['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression'].includes(node.type);
}

function nameOf(node: FunctionNode | ArrowFunctionExpression, parent: Node | undefined): string {
  if (node.id) return node.id.name;
  const key = parent && 'key' in parent ? parent.key : parent?.type === 'VariableDeclarator' ? parent.id : undefined;
  if (key?.type === 'Identifier' || key?.type === 'PrivateIdentifier') return key.name;
  if (parent?.type === 'CallExpression' && parent.arguments[0]?.type === 'Literal') return String(parent.arguments[0].value);
  return 'a function without a name';
}
