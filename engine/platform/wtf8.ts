/**
 * WTF-8: UTF-8 that also holds lone surrogates, so that every file name of Windows (any sequence of UTF-16 units) has
 * exactly one byte form. Text that is valid UTF-16 gives plain UTF-8.
 * Source: https://simonsapin.github.io/wtf-8/
 */
export function wtf8FromText(text: string): string {
  let bytes = '';
  for (let i = 0; i < text.length; i++) {
    const code = text.codePointAt(i)!;
    if (code > 0xffff) i += 1;
    if (code < 0x80) bytes += String.fromCharCode(code);
    else if (code < 0x800) bytes += String.fromCharCode(0xc0 | (code >> 6), tail(code));
    else if (code < 0x10000) bytes += String.fromCharCode(0xe0 | (code >> 12), tail(code >> 6), tail(code));
    else bytes += String.fromCharCode(0xf0 | (code >> 18), tail(code >> 12), tail(code >> 6), tail(code));
  }
  return bytes;
}

/** The text of a WTF-8 byte string, or undefined when it is none (a name that Windows cannot hold). */
export function textFromWtf8(bytes: string): string | undefined {
  let text = '';
  for (let i = 0; i < bytes.length; ) {
    const length = lengthOf(bytes.charCodeAt(i));
    if (length === 0 || i + length > bytes.length) return undefined;
    let code = length === 1 ? bytes.charCodeAt(i) : bytes.charCodeAt(i) & (0x7f >> length);
    for (let k = 1; k < length; k++) {
      const byte = bytes.charCodeAt(i + k);
      if ((byte & 0xc0) !== 0x80) return undefined;
      code = (code << 6) | (byte & 0x3f);
    }
    if (code < smallestCode[length]! || code > 0x10ffff) return undefined;
    // A pair written as two halves has a second, shorter form: only that one is WTF-8.
    if (isLowSurrogate(code) && isHighSurrogate(text.charCodeAt(text.length - 1)) && length === 3) return undefined;
    text += String.fromCodePoint(code);
    i += length;
  }
  return text;
}

const smallestCode = [0, 0, 0x80, 0x800, 0x10000];

function tail(code: number): number {
  return 0x80 | (code & 0x3f);
}

function lengthOf(first: number): number {
  if (first < 0x80) return 1;
  if (first < 0xc2) return 0;
  if (first < 0xe0) return 2;
  if (first < 0xf0) return 3;
  return first < 0xf5 ? 4 : 0;
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000;
}
