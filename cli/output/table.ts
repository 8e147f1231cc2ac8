import { stripVTControlCharacters } from 'node:util';

export type Alignment = 'left' | 'right';

/** Columns as wide as their widest cell, two spaces apart; nothing after the last one. */
export function formatTable(rows: readonly (readonly string[])[], alignments: readonly Alignment[] = []): string {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, at) => (widths[at] = Math.max(widths[at] ?? 0, widthOf(cell))));
  return rows.map((row) => formatRow({ row, widths, alignments })).join('\n');
}

function formatRow(one: {
  readonly row: readonly string[];
  readonly widths: readonly number[];
  readonly alignments: readonly Alignment[];
}): string {
  const cells = one.row.map((cell, at) => {
    const space = ' '.repeat(one.widths[at]! - widthOf(cell));
    return one.alignments[at] === 'right' ? space + cell : cell + space;
  });
  return cells.join('  ').trimEnd();
}

/** Columns on a terminal, near enough: colours take none, and wide letters are counted as one. */
function widthOf(cell: string): number {
  return Array.from(stripVTControlCharacters(cell)).length;
}
