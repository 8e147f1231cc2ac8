import type { FolderStatus, Problem } from '../messages/engineCalls.ts';
import type { Progress } from '../../engine/run/reports.ts';
import { formatAge, formatBytes, formatCount } from './units.ts';

/** What the window knows of all its folders. */
export interface WindowState {
  /** `unknown` until the editor has said. */
  readonly signedIn: boolean | 'unknown';
  /** Asked and answered yes. */
  readonly folders: readonly { readonly name: string; readonly auto: boolean; readonly status: FolderStatus | undefined }[];
  /** Folders for which nobody has answered yet, or answered no. */
  readonly others: number;
  readonly server: string;
  readonly trusted: boolean;
  readonly watching: 'watching' | 'scanning';
}

/** The one item of the status bar. */
export interface StatusText {
  readonly text: string;
  readonly tooltip: string;
  readonly severity: 'none' | 'warning' | 'error';
  /** What a click does. */
  readonly action: 'sign-in' | 'log' | 'show' | 'push' | 'choose-folders' | 'trust';
}

const phaseTexts = {
  scan: 'looking for changes',
  upload: 'sending',
  commit: 'waiting for the server',
  fetch: 'fetching',
  write: 'writing',
  verify: 'checking',
} as const satisfies Readonly<Record<Progress['phase'], string>>;

export function statusText(state: WindowState, now: number): StatusText {
  if (state.signedIn === 'unknown') return plain({ text: '$(cloud) Backup', tooltip: 'Backup is starting.', action: 'show' });
  if (!state.signedIn) {
    return plain({ text: '$(cloud) Backup: sign in', tooltip: 'Nothing is backed up from this window. Click to sign in to your Holdfast server.', action: 'sign-in' });
  }
  if (!state.trusted) {
    return plain({ text: '$(shield) Backup: paused', tooltip: 'This workspace is not trusted, so nothing of it is uploaded. What is backed up can be looked at. Click to decide on trust.', action: 'trust' });
  }
  if (state.folders.length === 0) {
    const tooltip = state.others > 0 ? 'No folder of this window is backed up. Click to choose.' : 'Open a folder to back it up.';
    return plain({ text: '$(cloud) Backup: off', tooltip, action: 'choose-folders' });
  }
  const problem = state.folders.find(({ status }) => status?.problem !== undefined && status.problem.code !== 'unavailable')?.status?.problem;
  if (problem !== undefined) return problemStatus(problem, state, now);
  const working = state.folders.find(({ status }) => status?.phase === 'working');
  if (working !== undefined) return workingStatus(working.status?.progress, state, now);
  const waiting = state.folders.reduce((sum, { status }) => sum + (status?.waiting ?? 0), 0);
  const away = waiting > 0 || state.folders.some(({ status }) => status?.problem?.code === 'unavailable');
  if (away) return awayStatus(waiting, state, now);
  return idleStatus(state, now);
}

function plain(status: Omit<StatusText, 'severity'>): StatusText {
  return { ...status, severity: 'none' };
}

function problemStatus(problem: Problem, state: WindowState, now: number): StatusText {
  const signIn = problem.code === 'denied';
  const tooltip = [problem.message, `${ageText(state, now)} What changed since is not backed up.`, signIn ? 'Your files are untouched. Click to sign in again.' : 'Your files are untouched. Click for the log.'];
  return { text: '$(error) Backup: failed', tooltip: tooltip.join('\n\n'), severity: 'error', action: signIn ? 'sign-in' : 'log' };
}

function workingStatus(progress: Progress | undefined, state: WindowState, now: number): StatusText {
  const tooltip = [progress === undefined ? 'Backing up…' : `Backing up: ${progressText(progress)}.`, ageText(state, now)].join('\n\n');
  return plain({ text: '$(sync~spin) Backup', tooltip, action: 'show' });
}

function awayStatus(waiting: number, state: WindowState, now: number): StatusText {
  const queue = waiting > 0 ? `${formatCount(waiting, 'snapshot')} wait${waiting === 1 ? 's' : ''} on this disk and will be sent by themselves.` : 'Changes are kept and sent when it is back.';
  const text = waiting > 0 ? `$(cloud-upload) Backup: ${waiting} queued` : '$(cloud-upload) Backup: offline';
  return { text, tooltip: [`${state.server} cannot be reached. ${queue}`, ageText(state, now), 'There is nothing to do; click for the log.'].join('\n\n'), severity: 'warning', action: 'log' };
}

function idleStatus(state: WindowState, now: number): StatusText {
  const manual = state.folders.every(({ auto }) => !auto);
  const dirty = state.folders.some(({ status }) => status?.dirty === true);
  const newest = acknowledgedAt(state);
  const age = newest === undefined ? '' : ` ${formatAge(now - newest)}`;
  const tooltip = [
    `Backed up to ${state.server}: ${state.folders.map(({ name }) => name).join(', ')}.`,
    ageText(state, now),
    manual ? 'Automatic backup is off; click to push now.' : '',
    state.watching === 'scanning' ? 'Changes outside the editor are found by scanning, because the folder cannot be watched.' : '',
  ];
  const icon = dirty ? '$(cloud-upload)' : '$(cloud)';
  return plain({ text: `${icon} Backed up${age}`, tooltip: tooltip.filter((line) => line !== '').join('\n\n'), action: manual ? 'push' : 'show' });
}

/** When something of this window was acknowledged last; undefined as long as some folder waits for its first time. */
function acknowledgedAt({ folders }: WindowState): number | undefined {
  const all = folders.map(({ status }) => status?.acknowledgedAt);
  return all.includes(undefined) ? undefined : Math.max(...(all as number[]));
}

/** One line for each folder, so that none hides behind another. */
function ageText({ folders }: WindowState, now: number): string {
  const lines = folders.map(({ name, status }) => {
    const of = folders.length > 1 ? `“${name}”: the` : 'The';
    const at = status?.acknowledgedAt;
    return at === undefined ? `${of} server has not acknowledged anything from this window yet.` : `${of} server has everything as of ${formatAge(now - at)}.`;
  });
  return lines.join('\n\n');
}

/** `sending, 120 of 1,240 files, 3.1 MB`. */
export function progressText({ phase, filesDone, filesTotal, bytesDone, bytesTotal }: Progress): string {
  const files = filesTotal !== undefined && filesTotal > 0 ? `${filesDone.toLocaleString('en-US')} of ${formatCount(filesTotal, 'file')}` : filesDone > 0 ? formatCount(filesDone, 'file') : '';
  const bytes = bytesTotal !== undefined && bytesTotal > 0 ? `${formatBytes(bytesDone)} of ${formatBytes(bytesTotal)}` : bytesDone > 0 ? formatBytes(bytesDone) : '';
  return [phaseTexts[phase], files, bytes].filter((part) => part !== '').join(', ');
}
