import type { Survey } from '../messages/engineCalls.ts';
import { formatBytes, formatCount } from './units.ts';

/** More than this is asked about a second time. */
export const consentFilesMax = 100_000;
export const consentBytesMax = 5_000_000_000;

export interface ConsentQuestion {
  readonly question: string;
  /** Set when the answer deserves a second thought. */
  readonly again: string | undefined;
}

export interface ConsentSubject {
  readonly name: string;
  readonly server: string;
  readonly survey: Survey;
  /** The folder is `/` or the person's home. */
  readonly whole: 'root' | 'home' | undefined;
}

/** What a person is asked before anything of a folder is uploaded. */
export function consentQuestion({ name, server, survey, whole }: ConsentSubject): ConsentQuestion {
  const { files, bytes, leftOut, more } = survey;
  const size = `${more ? 'more than ' : ''}${formatCount(files, 'file')}, ${formatBytes(bytes)}`;
  const left = leftOut > 0 ? `; ${leftOut.toLocaleString('en-US')} left out` : '';
  return { question: `Back up “${name}” (${size}${left}) to ${server}?`, again: secondThought({ files, bytes, more }, whole, name) };
}

function secondThought({ files, bytes, more }: Pick<Survey, 'files' | 'bytes' | 'more'>, whole: ConsentSubject['whole'], name: string): string | undefined {
  if (whole === 'root') return 'This is the whole disk. Really back up all of it?';
  if (whole === 'home') return 'This is your whole home folder, with whatever private things lie in it. Really back up all of it?';
  if (!more && files <= consentFilesMax && bytes <= consentBytesMax) return undefined;
  return `“${name}” is large: ${formatCount(files, 'file')}, ${formatBytes(bytes)}. The first backup may take long. Really back up all of it?`;
}

/** Why something is left out, one reason a line. */
export function leftOutText({ leftOut, reasons }: Survey): string {
  if (leftOut === 0) return 'Nothing is left out.';
  const lines = reasons.map(({ reason, count }) => `${count.toLocaleString('en-US')} × ${reason}`);
  const others = leftOut - reasons.reduce((sum, { count }) => sum + count, 0);
  const more = others > 0 ? [`${others.toLocaleString('en-US')} × other reasons`] : [];
  return [...lines, ...more, '', 'What lies inside a folder that is left out is not counted. Change this with .gitignore, .holdfastignore or the setting holdfast.exclude.'].join('\n');
}
