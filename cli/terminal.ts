import { createInterface } from 'node:readline/promises';
import type { ReadStream, WriteStream } from 'node:tty';
import { BackupError } from '../base/errors.ts';
import { passwordBytesMax } from '../protocol/limits.ts';
import type { Terminal } from './surroundings.ts';

const inputBytesMax = passwordBytesMax + 2;

/** Asks over stderr, so that stdout holds nothing but results. */
export function createTerminal({ stdin, stderr }: { readonly stdin: ReadStream; readonly stderr: WriteStream }): Terminal {
  return {
    interactive: stdin.isTTY === true && stderr.isTTY === true,
    async ask(question, { signal }) {
      const lines = createInterface({ input: stdin, output: stderr });
      try {
        return (await lines.question(question, { signal })).trim();
      } finally {
        lines.close();
      }
    },
    async askHidden(question, { signal }) {
      stderr.write(question);
      stdin.setRawMode(true);
      try {
        return await readTyped(stdin, signal);
      } finally {
        stdin.setRawMode(false);
        stdin.pause();
        stderr.write('\n');
      }
    },
    readLine: async ({ signal }) => await readFirstLine(stdin, signal),
  };
}

/** Keys until Enter; Backspace takes one back, Ctrl-C and Ctrl-D stop. */
function readTyped(stdin: ReadStream, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    let typed: string[] = [];
    const stop = (end: () => void): void => {
      stdin.off('data', take);
      signal.removeEventListener('abort', abort);
      end();
    };
    const abort = (): void => stop(() => reject(signal.reason));
    const take = (bytes: Buffer): void => {
      for (const key of bytes.toString('utf8')) {
        if (key === '\r' || key === '\n') return stop(() => resolve(typed.join('')));
        if (key === '\u0003' || key === '\u0004') return stop(() => reject(new BackupError('cancelled', 'Stopped at the prompt.')));
        if (key === '\u007f' || key === '\b') typed = typed.slice(0, -1);
        else if (key >= ' ') typed.push(key);
      }
    };
    stdin.on('data', take);
    signal.addEventListener('abort', abort, { once: true });
    stdin.resume();
  });
}

async function readFirstLine(stdin: ReadStream, signal: AbortSignal): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of stdin as AsyncIterable<Buffer>) {
    signal.throwIfAborted();
    parts.push(part);
    length += part.length;
    if (part.includes(0x0a)) break;
    if (length > inputBytesMax) throw new BackupError('invalid', 'What was piped in is too long for a password.');
  }
  return Buffer.concat(parts).toString('utf8').split(/\r?\n/, 1)[0]!;
}
