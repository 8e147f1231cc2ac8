import { BackupError } from '../../base/errors.ts';
import { unprintablePattern } from '../../base/printable.ts';
import { accountNameBytesMax, deviceNameBytesMax, passwordBytesMax, passwordCharactersMin, refNameBytesMax, workspaceNameBytesMax } from '../limits.ts';
import { text, type Parse } from './fields.ts';

const accountNamePattern = /^[\p{L}\p{N}][\p{L}\p{N}._@+-]*$/u;
const refNamePattern = /^[a-z0-9][a-z0-9._-]*$/;

/** Letters and digits of any script, and `. _ @ + -` after the first; in NFC. */
export const parseAccountName: Parse<string> = (value, what) => {
  const name = text(accountNameBytesMax)(value, what).normalize('NFC');
  if (!accountNamePattern.test(name)) {
    throw new BackupError('invalid', `${what} must begin with a letter or digit; after it \`.\`, \`_\`, \`@\`, \`+\` and \`-\` are allowed too.`);
  }
  return name;
};

/** Any printable text of at most `bytesMax` bytes, not blank. */
function printable(bytesMax: number): Parse<string> {
  return (value, what) => {
    const name = text(bytesMax)(value, what);
    if (name.trim() === '') throw new BackupError('invalid', `${what} is empty.`);
    if (unprintablePattern.test(name)) throw new BackupError('invalid', `${what} holds a character that cannot be shown.`);
    return name;
  };
}

export const parseDeviceName = printable(deviceNameBytesMax);
export const parseWorkspaceName = printable(workspaceNameBytesMax);

export const parseRefName: Parse<string> = (value, what) => {
  const name = text(refNameBytesMax)(value, what);
  if (!refNamePattern.test(name)) throw new BackupError('invalid', `${what} must be lower-case letters, digits, \`.\`, \`_\` and \`-\`.`);
  return name;
};

/** A password as typed; only its length is looked at. */
export const parsePassword: Parse<string> = (value, what) => text(passwordBytesMax)(value, what);

/** A password that is being set. */
export const parseNewPassword: Parse<string> = (value, what) => {
  const password = parsePassword(value, what);
  if ([...password].length < passwordCharactersMin) {
    throw new BackupError('invalid', `${what} must have at least ${passwordCharactersMin} characters.`);
  }
  return password;
};
