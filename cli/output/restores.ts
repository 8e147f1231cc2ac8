import { displayName, type BytePath } from '../../engine/core/byteString.ts';
import type { RefusedPath, RestorePlan, RestoreTotals } from '../../engine/core/restore/restorePlan.ts';
import { refusalTexts } from '../../engine/core/restore/refusalTexts.ts';
import type { InPlaceReport, RestoreReport } from '../../engine/run/restore/restoreReport.ts';
import type { JsonDocument, Outcome } from '../command.ts';
import { exitCodes, type ExitCode } from '../exitCodes.ts';
import { pathFields } from './entries.ts';
import { shortId } from './ids.ts';
import { formatBytes, formatCount } from './units.ts';

const linesMax = 50;
/** What fits into one message between two processes. */
const actionsMax = 10_000;

/** What a restore would do; the same fields as what it did. */
export function planOutcome(plan: RestorePlan, fields: JsonDocument): Outcome {
  const { totals, refused, actions } = plan;
  const listed = actions.filter(({ kind }) => kind !== 'directory');
  const shown = listed.slice(0, linesMax).map(({ kind, path }) => `  ${kind === 'put' ? 'write ' : kind} ${displayName(path)}`);
  const more = listed.length > linesMax ? [`  … and ${listed.length - linesMax} more`] : [];
  return {
    document: {
      ...fields,
      dryRun: true,
      ...totalsDocument(totals),
      actions: listed.slice(0, actionsMax).map(({ kind, path }) => ({ kind, ...pathFields(path) })),
      actionsTotal: listed.length,
      refused: refused.map(refusedDocument),
    },
    text: [`Would write ${totalsText(totals)}. Nothing was changed.`, ...shown, ...more, ...refusedLines(refused)].join('\n'),
    warnings: refused.length,
  };
}

export function restoreOutcome(report: RestoreReport, { fields, done }: { readonly fields: JsonDocument; readonly done: string }): Outcome {
  const { totals, refused, failed, keptBeside } = report;
  return {
    document: {
      ...fields,
      dryRun: false,
      ...totalsDocument(totals),
      refused: refused.map(refusedDocument),
      failed: failed.map(({ path, code, message }) => ({ ...pathFields(path), code, message })),
      keptBeside: keptBeside.map(({ path, as }) => ({ ...pathFields(path), as: displayName(as) })),
    },
    text: [
      `${done}: ${totalsText(totals)}.`,
      ...refusedLines(refused),
      ...pathLines(failed, ({ message }) => `failed: ${message}`),
      ...pathLines(keptBeside, ({ as }) => `changed meanwhile; that version is kept as ${displayName(as)}`),
    ].join('\n'),
    warnings: keptBeside.length,
    exitCode: codeOf(report),
  };
}

/** As `restoreOutcome`, with what undo goes by. */
export function inPlaceOutcome(report: InPlaceReport, { fields, done }: { readonly fields: JsonDocument; readonly done: string }): Outcome {
  const { before, asides, left } = report;
  const outcome = restoreOutcome(report, { fields: { ...fields, before: before ?? null, asides }, done });
  const kept = before === undefined ? 'Nothing had to be changed.' : `What was there before is in ${shortId(before)}; npx --no holdfast undo takes this back.`;
  const lines = pathLines(
    left.map((path) => ({ path })),
    () => 'changed meanwhile, and was left alone',
  );
  return {
    ...outcome,
    document: { ...outcome.document, left: left.map(pathFields) },
    text: [outcome.text, ...lines, kept].join('\n'),
    warnings: (outcome.warnings ?? 0) + left.length,
  };
}

/** A restore that is not complete never looks it. */
function codeOf({ refused, failed }: RestoreReport): ExitCode {
  if (failed.length > 0) return exitCodes.failed;
  return refused.length > 0 ? exitCodes.refused : exitCodes.done;
}

function totalsDocument(totals: RestoreTotals): JsonDocument {
  return { ...totals };
}

function totalsText({ files, symlinks, directories, bytes, replaced, deleted, meta, same }: RestoreTotals): string {
  const parts = [
    `${formatCount(files, 'file')} (${formatBytes(bytes)})`,
    symlinks > 0 ? formatCount(symlinks, 'link') : '',
    directories > 0 ? formatCount(directories, 'folder') : '',
    replaced > 0 ? `${replaced} in place of others` : '',
    deleted > 0 ? `${deleted} deleted` : '',
    meta > 0 ? `${meta} with time or mode set` : '',
    same > 0 ? `${same} already right` : '',
  ];
  return parts.filter((part) => part !== '').join(', ');
}

function refusedDocument({ path, reason }: RefusedPath): JsonDocument {
  return { ...pathFields(path), reason };
}

function refusedLines(refused: readonly RefusedPath[]): readonly string[] {
  return pathLines(refused, ({ reason }) => `not restored: ${refusalTexts[reason]}`);
}

function pathLines<T extends { readonly path: BytePath }>(items: readonly T[], textOf: (item: T) => string): readonly string[] {
  const lines = items.slice(0, linesMax).map((item) => `  ${displayName(item.path)}: ${textOf(item)}`);
  return items.length > linesMax ? [...lines, `  … and ${items.length - linesMax} more`] : lines;
}
