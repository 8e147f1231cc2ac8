/** Paints text for a terminal, or leaves it alone. */
export interface Colours {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
}

/**
 * Whether to paint: never with NO_COLOR (https://no-color.org: set and not empty) or on a dumb terminal, else when
 * it goes to a terminal.
 */
export function wantsColour(environment: Readonly<Record<string, string | undefined>>, isTerminal: boolean): boolean {
  if ((environment['NO_COLOR'] ?? '') !== '' || environment['TERM'] === 'dumb') return false;
  return isTerminal;
}

export function coloursFor(painted: boolean): Colours {
  const paint = (on: number, off: number) => (text: string) => (painted ? `\u001b[${on}m${text}\u001b[${off}m` : text);
  return { bold: paint(1, 22), dim: paint(2, 22), red: paint(31, 39), green: paint(32, 39), yellow: paint(33, 39) };
}
