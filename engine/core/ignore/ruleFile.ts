import ignore, { type Ignore } from 'ignore';
import type { ByteName, BytePath } from '../byteString.ts';
import { byteStringFrom } from '../byteString.ts';
import type { Decision, Rule } from './decision.ts';

export const gitIgnoreName = '.gitignore' as ByteName;
export const ownIgnoreName = '.holdfastignore' as ByteName;
/** A longer rule file is not read. */
export const ruleFileBytesMax = 4 * 1024 * 1024;

const byteOrderMark = '\u00ef\u00bb\u00bf';
/** The package remembers every path it was asked about; after so many it is made to forget. */
const rememberedPathsMax = 20_000;

/**
 * The patterns of one rule file, applied to paths relative to the folder that holds it. Everything is matched byte by
 * byte, as git does, so names need not be UTF-8.
 */
export class RuleFile {
  readonly #matcher: Ignore;
  readonly #lines: readonly string[];
  readonly #ruleOf: (line: number, pattern: string) => Rule;
  readonly #fold: (text: string) => string;
  #remembered = 0;

  constructor(options: RuleFileOptions, matcher?: Ignore) {
    this.options = options;
    this.#lines = options.lines;
    this.#ruleOf = options.ruleOf;
    this.#fold = options.ignoreCase ? lowerAscii : (text) => text;
    this.#matcher = matcher ?? this.#matcherOf(this.#lines);
  }

  readonly options: RuleFileOptions;

  /**
   * What the file says of a path (relative to its folder, a directory with a slash at its end), all directories above
   * it being kept. Undefined when no pattern matches.
   */
  decide(path: string): Decision | undefined {
    if (++this.#remembered > rememberedPathsMax) {
      this.#matcher.add(ignore()); // Adding anything makes it forget; this adds nothing.
      this.#remembered = 0;
    }
    const { ignored, unignored, rule } = this.#matcher.test(this.#fold(path));
    if (ignored) return { kept: false, rule: this.#rule(Number(rule?.mark)) };
    return unignored ? { kept: true, rule: undefined } : undefined;
  }

  /** The line that keeps a path which `decide` found kept: the last one that matches. Slow, for explanations only. */
  explainKept(path: string): Rule | undefined {
    for (let line = this.#lines.length; line > 0; line--) {
      if (!this.#lines[line - 1]!.startsWith('!')) continue;
      const single = ignore({ ignorecase: false }).add({ pattern: this.#fold(this.#lines[line - 1]!) });
      if (single.test(this.#fold(path)).unignored) return this.#rule(line);
    }
    return undefined;
  }

  /**
   * The same rules for what lies under `directory` (relative, no slash at its end), which this file leaves out but a
   * stronger one keeps. The package would answer "left out" for everything beneath; git asks each file afresh.
   */
  keeping(directory: string): RuleFile {
    const pattern = `!/${this.#fold(directory).replace(/[\\*?[\]]/g, '\\$&')}/`;
    return new RuleFile(this.options, ignore({ ignorecase: false }).add(this.#matcher).add({ pattern }));
  }

  #rule(line: number): Rule {
    return this.#ruleOf(line, this.#lines[line - 1] ?? '');
  }

  #matcherOf(lines: readonly string[]): Ignore {
    const patterns = lines.map((line, index) => ({ pattern: this.#fold(line), mark: String(index + 1) }));
    return ignore({ ignorecase: false }).add(patterns);
  }
}

export interface RuleFileOptions {
  /** The folder that holds the file; paths are relative to it. */
  readonly directory: BytePath;
  /** Byte strings, line ends removed. */
  readonly lines: readonly string[];
  /** Compares ASCII letters without case, as git does where file names have none. */
  readonly ignoreCase: boolean;
  readonly ruleOf: (line: number, pattern: string) => Rule;
}

/** Reads the content of a `.gitignore` or `.holdfastignore`; any content is valid. */
export function parseRuleFile(
  content: Uint8Array,
  { directory, name, ignoreCase }: { readonly directory: BytePath; readonly name: ByteName; readonly ignoreCase: boolean },
): RuleFile {
  const source = directory === '' ? name : `${directory}/${name}`;
  return new RuleFile({
    directory,
    lines: linesOf(byteStringFrom(content)),
    ignoreCase,
    ruleOf: (line, pattern) => ({ kind: 'file', source, line, pattern }),
  });
}

/** Patterns of the settings, as text, applied from the root. */
export function parseSettingsRules(patterns: readonly string[], { ignoreCase }: { readonly ignoreCase: boolean }): RuleFile {
  const encoder = new TextEncoder();
  return new RuleFile({
    directory: '' as BytePath,
    lines: patterns.map((pattern) => byteStringFrom(encoder.encode(pattern))),
    ignoreCase,
    ruleOf: (_, pattern) => ({ kind: 'settings', pattern }),
  });
}

function linesOf(content: string): string[] {
  const text = content.startsWith(byteOrderMark) ? content.slice(byteOrderMark.length) : content;
  return text.split('\n').map((line, index, all) => (index < all.length - 1 && line.endsWith('\r') ? line.slice(0, -1) : line));
}

function lowerAscii(text: string): string {
  return /[A-Z]/.test(text) ? text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()) : text;
}
