import { BackupError, messageOf, type ErrorCode } from '../base/errors.ts';
import { displayName, type BytePath } from '../engine/core/byteString.ts';
import type { RestoreTotals } from '../engine/core/restore/restorePlan.ts';
import { refusalTexts } from '../engine/core/restore/refusalTexts.ts';
import type { PushReport } from '../engine/run/reports.ts';
import type { InPlaceReport, RestoreReport } from '../engine/run/restore/restoreReport.ts';
import type { RestorePreview } from './messages/engineCalls.ts';
import { formatBytes, formatCount } from './model/units.ts';

const listedMax = 30;

/** What a person reads when something failed: what happened, what is still safe, what to do next. */
export interface Explanation {
  readonly happened: string;
  readonly safe: string;
  readonly next: string;
  /** What a button of the message does. */
  readonly action: 'sign-in' | 'log' | 'retry';
}

export function explainError(error: unknown): Explanation {
  if (!(error instanceof BackupError)) {
    return {
      happened: `Something went wrong inside Holdfast: ${sentence(messageOf(error))}`,
      safe: 'Your files are untouched, and everything the server acknowledged before is still there.',
      next: 'Try again; if it fails the same way, report it with the log.',
      action: 'log',
    };
  }
  if (error.code === 'denied' && error.details['reason'] === 'certificate') {
    return {
      happened: sentence(error.message),
      safe: 'Your files and everything the server acknowledged are as they were.',
      next: 'Ask whoever runs the server whether its certificate was changed, and only then sign in again.',
      action: 'sign-in',
    };
  }
  return { happened: sentence(error.message), ...adviceFor[error.code] };
}

/** The three in one message. */
export function errorText(error: unknown): string {
  const { happened, safe, next } = explainError(error);
  return `${happened} ${safe} ${next}`;
}

const adviceFor = {
  invalid: { safe: 'Nothing was changed, here or on the server.', next: 'Correct what was named and try again.', action: 'retry' },
  'not-found': { safe: 'Nothing was changed, here or on the server.', next: 'Refresh the Backup view to see what there is.', action: 'log' },
  conflict: { safe: 'Nothing was overwritten; both states are kept.', next: 'Look at what changed in between, then try again.', action: 'retry' },
  corrupt: {
    safe: 'Nothing wrong was written to your folder; your own files are as they were.',
    next: 'Try an older snapshot, and tell whoever runs the server to check its data.',
    action: 'log',
  },
  denied: { safe: 'Your files and everything the server acknowledged are as they were.', next: 'Sign in again.', action: 'sign-in' },
  limit: {
    safe: 'Your files and everything the server acknowledged are as they were.',
    next: 'Make room (or ask whoever runs the server), then try again.',
    action: 'retry',
  },
  unavailable: {
    safe: 'Your files, everything the server acknowledged and what waits to be sent are safe.',
    next: 'Check that the server runs and that this machine (with a remote window: the remote one) is connected to it, then try again.',
    action: 'retry',
  },
  cancelled: { safe: 'Everything the server acknowledged before is still there.', next: 'Start it again whenever you like; it goes on from what was done.', action: 'log' },
} as const satisfies Readonly<Record<ErrorCode, Omit<Explanation, 'happened'>>>;

/** What a push by hand did. */
export function pushedText({ outcome, filesNew, filesChanged, filesDeleted, bytesSent, warningsTotal, error }: PushReport, name: string): string {
  const warned = warningsTotal > 0 ? ` ${formatCount(warningsTotal, 'warning')}: something could not be kept as it is; the log lists what.` : '';
  switch (outcome) {
    case 'acknowledged':
      return `“${name}” is backed up: ${changesText({ filesNew, filesChanged, filesDeleted })}; ${formatBytes(bytesSent)} sent.${warned}`;
    case 'unchanged':
      return `“${name}” is backed up: nothing has changed since the last snapshot.${warned}`;
    case 'queued':
      return `${sentence(error?.message ?? 'The server cannot be reached.')} The state of “${name}” is kept on this disk and is sent by itself when the server is back.`;
    case 'dry-run':
      return `“${name}” was only looked at.`;
    default:
      return outcome satisfies never;
  }
}

function changesText({ filesNew, filesChanged, filesDeleted }: Pick<PushReport, 'filesNew' | 'filesChanged' | 'filesDeleted'>): string {
  const parts = [
    filesNew > 0 ? `${filesNew.toLocaleString('en-US')} new` : '',
    filesChanged > 0 ? `${filesChanged.toLocaleString('en-US')} changed` : '',
    filesDeleted > 0 ? `${filesDeleted.toLocaleString('en-US')} deleted` : '',
  ].filter((part) => part !== '');
  return parts.length === 0 ? 'no file changed' : `${parts.join(', ')}`;
}

export interface PreviewSubject {
  readonly preview: RestorePreview;
  /** Left out because they have unsaved changes in an editor. */
  readonly unsaved: readonly BytePath[];
}

/** What a person sees before a restore; empty `detail` means that there is nothing to do. */
export function previewText({ preview, unsaved }: PreviewSubject): string {
  const { actions, actionsTotal, refused } = preview;
  const verbs = { create: 'write', replace: 'overwrite', delete: 'delete', meta: 'set time or mode of' } as const;
  const skipped = new Set(unsaved);
  const lines = actions.filter(({ path }) => !skipped.has(path)).map(({ kind, path }) => `${verbs[kind]}  ${displayName(path)}`);
  const more = actionsTotal - skipped.size - Math.min(lines.length, listedMax);
  return [
    ...lines.slice(0, listedMax),
    ...(more > 0 ? [`… and ${more.toLocaleString('en-US')} more`] : []),
    ...section(`Left out, because of unsaved changes in an editor:`, unsaved.map(displayName)),
    ...section('Cannot be restored:', refused.map(({ path, reason }) => `${displayName(path)} (${refusalTexts[reason]})`)),
    '',
    'Whatever is replaced or deleted is backed up first; “Undo Last Restore” brings it back.',
  ].join('\n');
}

/** `write 3 files (1.2 MB), overwrite 2, delete 1`. */
export function totalsText({ files, symlinks, directories, bytes, replaced, deleted, meta }: RestoreTotals): string {
  const parts = [
    files > 0 ? `write ${formatCount(files, 'file')}${bytes > 0 ? ` (${formatBytes(bytes)})` : ''}` : '',
    symlinks > 0 ? `make ${formatCount(symlinks, 'link')}` : '',
    directories > 0 ? `make ${formatCount(directories, 'folder')}` : '',
    replaced > 0 ? `overwrite ${replaced.toLocaleString('en-US')}` : '',
    deleted > 0 ? `delete ${deleted.toLocaleString('en-US')}` : '',
    meta > 0 ? `set time or mode of ${meta.toLocaleString('en-US')}` : '',
  ].filter((part) => part !== '');
  return parts.length === 0 ? 'change nothing' : parts.join(', ');
}

/** Of what is really done, when some files are left out; how many bytes those have is not known. */
export function totalsWithout(totals: RestoreTotals, { created, replaced }: { readonly created: number; readonly replaced: number }): RestoreTotals {
  if (created + replaced === 0) return totals;
  const left = (count: number, less: number): number => Math.max(0, count - less);
  return { ...totals, bytes: 0, files: left(totals.files, created + replaced), replaced: left(totals.replaced, replaced) };
}

export interface RestoredSubject {
  readonly what: string;
  readonly report: RestoreReport | InPlaceReport;
  readonly unsaved: readonly BytePath[];
}

/** What a restore did. A restore that is not complete never looks it. */
export function restoredText({ what, report, unsaved: edited }: RestoredSubject): string {
  const { refused, failed, keptBeside } = report;
  const left = new Set(edited);
  const unsaved = refused.filter(({ path }) => left.has(path));
  const others = refused.filter(({ path }) => !left.has(path));
  const totals = totalsWithout(report.totals, { created: 0, replaced: refused.filter(({ reason }) => reason === 'uncapturable').length });
  const changed = 'left' in report ? report.left.length : 0;
  const parts = [
    others.length + failed.length === 0 ? `${what}: ${doneText(totals)}.` : `${what}, but not completely: ${doneText(totals)}.`,
    unsaved.length > 0 ? `${formatCount(unsaved.length, 'file')} with unsaved changes left out.` : '',
    others.length > 0 ? `${formatCount(others.length, 'path')} refused: ${displayName(others[0]!.path)} (${refusalTexts[others[0]!.reason]})${others.length > 1 ? ', …' : ''}.` : '',
    failed.length > 0 ? `${formatCount(failed.length, 'path')} failed: ${displayName(failed[0]!.path)} (${failed[0]!.message})${failed.length > 1 ? ', …' : ''}.` : '',
    changed > 0 ? `${formatCount(changed, 'file')} changed meanwhile and left alone.` : '',
    keptBeside.length > 0 ? `${formatCount(keptBeside.length, 'newer version')} kept beside as ${displayName(keptBeside[0]!.as)}${keptBeside.length > 1 ? ', …' : ''}.` : '',
  ];
  return parts.filter((part) => part !== '').join(' ');
}

function doneText({ files, symlinks, directories, bytes, replaced, deleted, meta }: RestoreTotals): string {
  const parts = [
    files > 0 ? `${formatCount(files, 'file')} written${bytes > 0 ? ` (${formatBytes(bytes)})` : ''}` : '',
    symlinks > 0 ? `${formatCount(symlinks, 'link')} made` : '',
    directories > 0 ? `${formatCount(directories, 'folder')} made` : '',
    replaced > 0 ? `${replaced.toLocaleString('en-US')} overwritten` : '',
    deleted > 0 ? `${deleted.toLocaleString('en-US')} deleted` : '',
    meta > 0 ? `time or mode of ${meta.toLocaleString('en-US')} set` : '',
  ].filter((part) => part !== '');
  return parts.length === 0 ? 'everything was right already' : parts.join(', ');
}

function section(title: string, items: readonly string[]): readonly string[] {
  if (items.length === 0) return [];
  const more = items.length > listedMax ? [`… and ${items.length - listedMax} more`] : [];
  return ['', title, ...items.slice(0, listedMax), ...more];
}

function sentence(text: string): string {
  const trimmed = text.trim();
  return /[.!?]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}
