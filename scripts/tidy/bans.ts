import * as fs from 'node:fs';
import type { Node } from 'oxc-parser';
import { isTest } from '../layers.mjs';
import { lineAt, type Fault, type Source } from './source.ts';
import { isMember, isName, propertyOf, walk } from './walk.ts';

export type BanName = keyof typeof bans;

/** A ban that one file is spared, and why. */
export interface Lifted {
  readonly file: string;
  readonly ban: BanName;
  readonly reason: string;
}

interface Ban {
  readonly instead: string;
  /** Files that it does not concern; tests, scripts/, bench/ and the configuration at the root are spared by most. */
  readonly spares: (file: string) => boolean;
  readonly finds: (node: Node, source: Source) => boolean;
}

const syncNames = new Set(Object.keys(fs).filter((name) => name.endsWith('Sync')));
const timerNames = ['setTimeout', 'setInterval', 'setImmediate'];

const developers = (file: string): boolean => isTest(file) || /^(?:scripts|bench)\/|^[^/]+$/.test(file);
const within =
  (...folders: readonly string[]) =>
  (file: string): boolean =>
    developers(file) || folders.some((folder) => file.startsWith(`${folder}/`));

const bans = {
  clock: {
    instead: 'take the time from the Clock port',
    spares: within('engine/platform'),
    finds: (node) =>
      isMember(node, 'Date', 'now') ||
      isMember(node, 'performance', 'now') ||
      ((node.type === 'NewExpression' || node.type === 'CallExpression') &&
        isName(node.callee, 'Date') &&
        (node.type === 'CallExpression' || node.arguments.length === 0)),
  },
  timer: {
    instead: 'wait by the Clock port',
    spares: within('engine/platform'),
    finds: (node) =>
      (node.type === 'CallExpression' && timerNames.some((name) => isName(node.callee, name))) ||
      timerNames.some((name) => isMember(node, 'globalThis', name)) ||
      isMember(node, 'AbortSignal', 'timeout') ||
      (node.type === 'ImportDeclaration' && /^node:timers\b/.test(node.source.value)),
  },
  random: {
    instead: 'draw from the Random port',
    spares: within('engine/platform'),
    finds: (node) => isMember(node, 'Math', 'random'),
  },
  syncFiles: {
    instead: 'use node:fs/promises, which does not hold up everybody else',
    spares: within('engine/platform', 'server/blobs'),
    finds: (node) =>
      syncNames.has(propertyOf(node) ?? '') ||
      (node.type === 'ImportSpecifier' && node.imported.type === 'Identifier' && syncNames.has(node.imported.name)),
  },
  environment: {
    instead: 'read it in main.ts or compose.ts and pass it on',
    spares: (file) => developers(file) || /\/(?:main|compose)\.ts$/.test(file),
    finds: (node) => isMember(node, 'process', 'env'),
  },
  console: {
    instead: 'write to the Log port',
    spares: within('cli', 'server/bin'),
    finds: (node) => node.type === 'MemberExpression' && isName(node.object, 'console'),
  },
  bundledUrl: {
    instead: 'it is the path of the source at build time; only new Worker(new URL(…, import.meta.url)) is understood',
    spares: within('cli/bin', 'server/bin'),
    finds: (node, { text }) =>
      node.type === 'MemberExpression' &&
      node.object.type === 'MetaProperty' &&
      propertyOf(node) === 'url' &&
      !/new Worker\(\s*new URL\(\s*'[^']+',\s*$/.test(text.slice(0, node.start)),
  },
  asAny: {
    instead: 'parse it, or cast from unknown to what it is',
    spares: () => false,
    finds: (node) =>
      (node.type === 'TSAsExpression' || node.type === 'TSTypeAssertion') && node.typeAnnotation.type === 'TSAnyKeyword',
  },
  silentCatch: {
    instead: 'say in a comment why nothing needs to be done',
    spares: () => false,
    finds: (node, source) => isSwallowing(node) && !isExplained(node, source),
  },
} as const satisfies Readonly<Record<string, Ban>>;

/** Everything in the file that the ban list forbids, unless it is lifted; a lift that spares nothing is a fault too. */
export function banFaults(source: Source, lifted: readonly Lifted[]): Fault[] {
  const { file, text, program } = source;
  const lifts = new Map(lifted.filter((lift) => lift.file === file).map((lift) => [lift.ban, false]));
  const faults: Fault[] = [];
  const names = (Object.keys(bans) as BanName[]).filter((name) => !bans[name].spares(file));
  walk(program, (node) => {
    for (const name of names) {
      const ban: Ban = bans[name];
      if (!ban.finds(node, source)) continue;
      if (lifts.has(name)) lifts.set(name, true);
      else faults.push({ file, line: lineAt(text, node.start), message: `${name}: ${excerpt(source, node)} is banned, ${ban.instead}` });
    }
  });
  for (const [ban, used] of lifts) {
    if (!used) faults.push({ file, line: 1, message: `${ban}: scripts/ratchet.mjs lifts this ban here and need not` });
  }
  return faults;
}

/** `catch {}`, `.catch(() => {})` or `.catch(() => undefined)`. */
function isSwallowing(node: Node): boolean {
  if (node.type === 'CatchClause') return node.body.body.length === 0;
  if (node.type !== 'CallExpression' || propertyOf(node.callee) !== 'catch') return false;
  const handler = node.arguments[0];
  if (handler?.type !== 'ArrowFunctionExpression') return false;
  return handler.body.type === 'BlockStatement' ? handler.body.body.length === 0 : isName(handler.body, 'undefined');
}

/** Has a comment inside, or for a call that has no place for one, on its line or the line above. */
function isExplained(node: Node, { text, comments }: Source): boolean {
  const firstLine = lineAt(text, node.start);
  return comments.some(({ start, end }) => {
    if (start >= node.start && start < node.end) return true;
    return node.type === 'CallExpression' && [firstLine - 1, firstLine].includes(lineAt(text, end));
  });
}

function excerpt({ text }: Source, { start, end }: Node): string {
  return text.slice(start, Math.min(end, start + 60)).split('\n', 1)[0] ?? '';
}
