import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BackupError, systemCodeOf } from '../../base/errors.ts';
import { ruleOptionsDefault, type RuleOptions } from '../../engine/core/ignore/directoryRules.ts';
import type { Call, Flags } from '../command.ts';
import { integer, list, parseFields, text } from '../../protocol/messages/fields.ts';

const fileName = 'settings.json';
const excludesMax = 10_000;
const patternBytesMax = 4_096;

/** `settings.json` under the home; everything may be left out. */
export interface Settings {
  /** As lines of a `.gitignore` at the root of every workspace, stronger than any file. */
  readonly exclude: readonly string[];
  /** Larger files are left out with a warning. */
  readonly maxFileBytes: number;
}

/** Errors: `invalid` when the file says something else than settings. */
export async function readSettings(home: string): Promise<Settings> {
  const file = join(home, fileName);
  try {
    return parseSettings(JSON.parse(await readFile(file, 'utf8')));
  } catch (cause) {
    if (systemCodeOf(cause) === 'ENOENT') return parseSettings({});
    throw new BackupError('invalid', `${file} holds no settings that this version understands.`, {}, { cause });
  }
}

/** Flags of commands that scan. */
export const ruleFlags = {
  'no-gitignore': { kind: 'switch', help: 'Do not read .gitignore files (.holdfastignore still counts)' },
  git: { kind: 'switch', help: 'Back up .git, too, while git holds no lock' },
} as const satisfies Flags;

/** The rules of a scan, from the settings and from the command's `ruleFlags`, where it has them. */
export async function readRules({ arguments: words, surroundings }: Pick<Call, 'arguments' | 'surroundings'>): Promise<RuleOptions> {
  const flags = { git: words.has('git'), gitignore: !words.has('no-gitignore') };
  return ruleOptionsOf(await readSettings(surroundings.home), flags);
}

/** The rules of a scan, from settings and flags. */
export function ruleOptionsOf({ exclude, maxFileBytes }: Settings, flags: Pick<RuleOptions, 'git' | 'gitignore'>): RuleOptions {
  // On these two a name usually has no case; a folder that differs is the exception.
  const ignoreCase = process.platform === 'win32' || process.platform === 'darwin';
  return { ...flags, excludes: exclude, fileBytesMax: maxFileBytes, ignoreCase };
}

function parseSettings(value: unknown): Settings {
  return parseFields(value, { what: 'the settings file', unknown: 'refuse' }, (fields) => ({
    exclude: fields.optional('exclude', list(excludesMax, text(patternBytesMax))) ?? [],
    maxFileBytes:
      fields.optional('maxFileBytes', integer({ min: 1, max: Number.MAX_SAFE_INTEGER })) ?? ruleOptionsDefault.fileBytesMax,
  }));
}
