import { posix } from 'node:path';
import { importFault } from '../layers.mjs';
import { lineAt, type Fault, type Source } from './source.ts';

/** Every import that the layer table forbids. */
export function importFaults({ file, text, imports }: Source): Fault[] {
  return imports.flatMap(({ specifier, typeOnly, start }) => {
    const message = importFault({ file, specifier, typeOnly });
    return message === undefined ? [] : [{ file, line: lineAt(text, start), message }];
  });
}

/** One fault for each circle of files that import values from each other, whichever file it is entered at. */
export function cycleFaults(sources: readonly Source[]): Fault[] {
  const targets = new Map(sources.map((source) => [source.file, valueTargets(source)]));
  const done = new Set<string>();
  const faults: Fault[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    const from = path.indexOf(file);
    if (from !== -1) {
      faults.push({ file, line: 1, message: `imports itself: ${[...path.slice(from), file].join(' → ')}` });
      return;
    }
    if (done.has(file)) return;
    for (const target of targets.get(file) ?? []) visit(target, [...path, file]);
    done.add(file);
  };
  for (const { file } of sources) visit(file, []);
  return faults;
}

function valueTargets({ file, imports }: Source): string[] {
  return imports
    .filter(({ specifier, typeOnly, dynamic }) => specifier.startsWith('.') && !typeOnly && !dynamic)
    .map(({ specifier }) => posix.join(posix.dirname(file), specifier));
}
