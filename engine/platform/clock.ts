import type { Clock } from '../ports/primitives.ts';

/** What a timer of Node can hold; longer sleeps are slept in pieces. */
const timerMsMax = 2 ** 31 - 1;

/** The system's clock and timers. */
export const systemClock: Clock = {
  now: () => Date.now(),
  async sleep(ms, { signal }) {
    for (let left = ms; left > timerMsMax; left -= timerMsMax) await sleepOnce(timerMsMax, signal);
    await sleepOnce(ms > timerMsMax ? ms % timerMsMax : ms, signal);
  },
};

async function sleepOnce(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const wake = (): void => {
      signal.removeEventListener('abort', abort);
      resolve();
    };
    const timer = setTimeout(wake, ms);
    const abort = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    signal.addEventListener('abort', abort, { once: true });
  });
}
