import { displayName } from '../../engine/core/byteString.ts';
import type { SnapshotWarning, WarningKind } from '../../engine/core/snapshot/snapshotTypes.ts';
import type { PushReport } from '../../engine/run/reports.ts';
import type { JsonDocument, Outcome } from '../command.ts';
import { exitCodes } from '../exitCodes.ts';
import { pathFields } from './entries.ts';
import { shortId } from './ids.ts';
import { formatBytes, formatCount } from './units.ts';

const linesMax = 20;

const warningTexts = {
  unreadable: 'could not be read; its last backed-up version is kept',
  'changed-while-read': 'changed while it was read',
  'not-a-file': 'is a socket, pipe or device, and is left out',
  'name-too-long': 'has a name too long to be stored, and is left out',
  'path-too-long': 'has a path too long to be stored, and is left out',
  'too-large': 'is larger than the maximum file size, and is left out',
  'hard-link': 'has other names on disk; each is stored as a file of its own',
  locked: 'is locked by git; its last backed-up version is kept',
  'gone-on-server': 'was lost by the server and is no longer here',
} as const satisfies Readonly<Record<WarningKind, string>>;

/** What a push did, for programs. */
export function pushDocument(report: PushReport, fields: JsonDocument): JsonDocument {
  const { outcome, workspace, snapshot, seq, filesNew, filesChanged, filesDeleted, bytesRead, bytesSent } = report;
  return {
    ...fields,
    workspace,
    snapshot: snapshot ?? null,
    seq: seq ?? null,
    filesNew,
    filesChanged,
    filesDeleted,
    bytesRead,
    bytesSent,
    warnings: report.warnings.map(({ path, kind }) => ({ ...pathFields(path), kind })),
    warningsTotal: report.warningsTotal,
    unchanged: outcome === 'unchanged',
    dryRun: outcome === 'dry-run',
    queued: outcome === 'queued',
    ...(report.error === undefined ? {} : { error: { ...report.error } }),
  };
}

export function pushOutcome(report: PushReport, { fields, folder }: { readonly fields: JsonDocument; readonly folder: string }): Outcome {
  return {
    document: pushDocument(report, fields),
    text: [pushLine(report, folder), ...changedLines(report), ...warningLines(report)].join('\n'),
    warnings: report.warningsTotal,
    exitCode: report.outcome === 'queued' ? exitCodes.queued : exitCodes.done,
  };
}

/** One sentence. */
export function pushLine(report: PushReport, folder: string): string {
  const { outcome, snapshot, bytesRead, bytesSent, error } = report;
  const what = `${changesText(report)}; ${formatBytes(bytesRead)} read, ${formatBytes(bytesSent)} sent`;
  switch (outcome) {
    case 'acknowledged':
      return `Backed up ${folder} as ${shortId(snapshot!)}: ${what}.`;
    case 'unchanged':
      return `${folder} is unchanged since ${shortId(snapshot!)}: no new snapshot.`;
    case 'dry-run':
      return `Would back up ${folder}: ${changesText(report)}; ${formatBytes(bytesRead)} read. Nothing was sent or stored.`;
    case 'queued':
      return `${error?.message ?? 'The server cannot be reached.'}\nThe state of ${folder} is safe on this disk (${changesText(report)}) and is sent with the next push, or by watch.`;
    default:
      return outcome satisfies never;
  }
}

export function changesText({ filesNew, filesChanged, filesDeleted }: Pick<PushReport, 'filesNew' | 'filesChanged' | 'filesDeleted'>): string {
  const counted = [
    { count: filesNew, what: 'new' },
    { count: filesChanged, what: 'changed' },
    { count: filesDeleted, what: 'deleted' },
  ].filter(({ count }) => count > 0);
  const parts = counted.map(({ count, what }, at) => `${at === 0 ? formatCount(count, 'file') : count.toLocaleString('en-US')} ${what}`);
  return parts.length === 0 ? 'no file changed' : parts.join(', ');
}

/** Only of a dry run: what it was asked for. */
function changedLines({ outcome, changed }: PushReport): readonly string[] {
  if (outcome !== 'dry-run') return [];
  const lines = changed.slice(0, linesMax).map(({ path, kind }) => `  ${kind} ${displayName(path) || '.'}`);
  return changed.length > linesMax ? [...lines, `  … and ${changed.length - linesMax} more`] : lines;
}

export function warningLines({ warnings, warningsTotal }: Pick<PushReport, 'warnings' | 'warningsTotal'>): readonly string[] {
  if (warningsTotal === 0) return [];
  const lines = warnings.slice(0, linesMax).map(warningText);
  const more = warningsTotal - lines.length;
  return [`${formatCount(warningsTotal, 'warning')}:`, ...lines, ...(more > 0 ? [`  … and ${more} more`] : [])];
}

function warningText({ path, kind }: SnapshotWarning): string {
  return `  ${displayName(path) || '.'} ${warningTexts[kind]}`;
}
