import { encodeUtf8 } from './bytes.ts';

/** Control characters, line and paragraph separators, and what turns the direction of text. */
export const unprintablePattern = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u;
const everyUnprintable = new RegExp(unprintablePattern, 'gu');

/**
 * Text from outside as it may be shown on a terminal or in a log: what could command the terminal, or make text look like
 * other text, becomes `\xNN` for each of its UTF-8 bytes.
 */
export function printable(text: string): string {
  return text.replace(everyUnprintable, (character) => Array.from(encodeUtf8(character), escapedByte).join(''));
}

export function escapedByte(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, '0')}`;
}
