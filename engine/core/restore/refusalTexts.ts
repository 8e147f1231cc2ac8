import type { RefusalReason } from './targetNames.ts';

/** Why an entry is not restored, as the end of a sentence. */
export const refusalTexts = {
  'windows-name': 'Windows gives this name a meaning of its own',
  'case-clash': 'another name differs from it by case only',
  'in-the-way': 'a socket, pipe or device is in its place',
  exists: 'something else is there, and stays',
  uncapturable: 'what is in its place could not be captured first',
  unreadable: 'what is in its place cannot be looked at',
  'own-name': 'its name is that of a temporary file of a restore',
} as const satisfies Readonly<Record<RefusalReason, string>>;
