const shortDigits = 12;

/** The start of an id, enough to be its only bearer and short enough to be typed. */
export function shortId(id: string): string {
  return id.slice(0, shortDigits);
}
