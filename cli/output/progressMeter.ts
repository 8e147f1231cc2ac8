import type { Progress } from '../../engine/run/reports.ts';
import { formatBytes, formatCount, formatDuration } from './units.ts';

/** How far back the rate looks: shorter jumps about, longer lags behind. */
const rateWindowMs = 5_000;
/** Before that a rate says nothing. */
const rateAfterMs = 1_000;

interface Sample {
  readonly at: number;
  readonly bytes: number;
  readonly files: number;
}

/** Turns a stream of progress reports into one line of text with rate and time left. Pure: time is handed in. */
export class ProgressMeter {
  #phase: Progress['phase'] | undefined;
  #samples: Sample[] = [];

  line(progress: Progress, now: number): string {
    if (progress.phase !== this.#phase) {
      this.#phase = progress.phase;
      this.#samples = [];
    }
    this.#samples.push({ at: now, bytes: progress.bytesDone, files: progress.filesDone });
    while (this.#samples.length > 2 && this.#samples[0]!.at < now - rateWindowMs) this.#samples.shift();
    const parts = [phaseNames[progress.phase], filesText(progress), bytesText(progress), this.#rate(), this.#timeLeft(progress)];
    return parts.filter((part) => part !== '').join('  ');
  }

  #rate(): string {
    const bytesPerSecond = this.#perSecond('bytes');
    return bytesPerSecond > 0 ? `${formatBytes(bytesPerSecond)}/s` : '';
  }

  #timeLeft({ bytesDone, bytesTotal, filesDone, filesTotal }: Progress): string {
    const byBytes = bytesTotal !== undefined && bytesTotal > 0;
    const left = byBytes ? bytesTotal - bytesDone : (filesTotal ?? 0) - filesDone;
    const perSecond = this.#perSecond(byBytes ? 'bytes' : 'files');
    return left > 0 && perSecond > 0 ? `${formatDuration((left / perSecond) * 1000)} left` : '';
  }

  #perSecond(what: 'bytes' | 'files'): number {
    const first = this.#samples[0]!;
    const last = this.#samples.at(-1)!;
    return last.at - first.at >= rateAfterMs ? ((last[what] - first[what]) * 1000) / (last.at - first.at) : 0;
  }
}

const phaseNames = {
  scan: 'Looking for changes',
  upload: 'Sending',
  commit: 'Waiting for the server',
  fetch: 'Fetching',
  write: 'Writing',
  verify: 'Checking',
} as const satisfies Readonly<Record<Progress['phase'], string>>;

function filesText({ filesDone, filesTotal }: Progress): string {
  if (filesTotal !== undefined && filesTotal > 0) return `${filesDone.toLocaleString('en-US')} of ${formatCount(filesTotal, 'file')}`;
  return filesDone > 0 ? formatCount(filesDone, 'file') : '';
}

function bytesText({ bytesDone, bytesTotal }: Progress): string {
  if (bytesTotal !== undefined && bytesTotal > 0) {
    const share = Math.min(100, Math.floor((bytesDone / bytesTotal) * 100));
    return `${formatBytes(bytesDone)} of ${formatBytes(bytesTotal)} (${share} %)`;
  }
  return bytesDone > 0 ? formatBytes(bytesDone) : '';
}
