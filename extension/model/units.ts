const units = ['B', 'KB', 'MB', 'GB', 'TB', 'PB'] as const;
const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** `0 B`, `999 B`, `1.5 MB`, `18 MB`. Powers of 1,000, as file managers show them. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 9.95 ? Math.round(value) : Number(value.toFixed(1))} ${units[unit]!}`;
}

/** `1 file`, `2 files`, `1,204 files`. */
export function formatCount(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`;
}

/** How long ago: `just now`, `40 s ago`, `5 min ago`, `3 h ago`, `2 days ago`. */
export function formatAge(ms: number): string {
  if (ms < 10 * secondMs) return 'just now';
  if (ms < minuteMs) return `${Math.floor(ms / secondMs)} s ago`;
  if (ms < hourMs) return `${Math.floor(ms / minuteMs)} min ago`;
  if (ms < dayMs) return `${Math.floor(ms / hourMs)} h ago`;
  return `${formatCount(Math.floor(ms / dayMs), 'day')} ago`;
}

/** Local time of the day: `14:02:09`. */
export function formatClock(ms: number): string {
  const at = new Date(ms);
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(':');
}

/** Local time: `2026-03-01 14:02:09`. */
export function formatTime(ms: number): string {
  return `${dayKey(ms)} ${formatClock(ms)}`;
}

/** The local day: `2026-03-01`. */
export function dayKey(ms: number): string {
  const at = new Date(ms);
  return [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join('-');
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
