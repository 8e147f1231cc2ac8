import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { messageOf } from '../../base/errors.ts';
import { UsageError } from './commandTypes.ts';

type Values<T extends ParseArgsOptionsConfig> = {
  readonly [Name in keyof T]?: T[Name]['type'] extends 'boolean' ? boolean : string;
};

/** Errors: UsageError for an unknown option, one without its value, or too many arguments. */
export function parseCommandArgs<const T extends ParseArgsOptionsConfig>(
  args: readonly string[],
  { options, positionalsMax = 0 }: { readonly options: T; readonly positionalsMax?: number },
): { readonly values: Values<T>; readonly positionals: readonly string[] } {
  let parsed;
  try {
    parsed = parseArgs({ args: [...args], options, allowPositionals: positionalsMax > 0, strict: true });
  } catch (error) {
    throw new UsageError(messageOf(error));
  }
  if (parsed.positionals.length > positionalsMax) throw new UsageError(`Unexpected argument ${parsed.positionals[positionalsMax]}.`);
  return parsed;
}
