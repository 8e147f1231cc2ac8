import type { ByteName, BytePath } from '../byteString.ts';
import { joinPath } from '../byteString.ts';
import { type Decision, keptByNothing } from './decision.ts';
import { isOwnSiblingName } from './ownNames.ts';
import { parseSettingsRules, type RuleFile } from './ruleFile.ts';

const gitName = '.git';
const modulesName = 'node_modules';
/** What a directory that holds a Python virtual environment has in it (PEP 405). */
export const environmentMarker = 'pyvenv.cfg' as ByteName;

/** A larger file is left out with a warning. Disk images and dumps are what it is for; raise it in the settings. */
export const fileBytesMaxDefault = 16 * 1024 ** 3;

export interface RuleOptions {
  /** Whether `.gitignore` files count; `.holdfastignore` always does. */
  readonly gitignore: boolean;
  /** Whether `.git` is backed up. */
  readonly git: boolean;
  /** Patterns of the settings, from the root; stronger than any file. `!` re-includes. */
  readonly excludes: readonly string[];
  readonly fileBytesMax: number;
  /** Where file names have no case (Windows, macOS). */
  readonly ignoreCase: boolean;
}

export const ruleOptionsDefault: RuleOptions = {
  gitignore: true,
  git: false,
  excludes: [],
  fileBytesMax: fileBytesMaxDefault,
  ignoreCase: false,
};

/** What is known of a name when it is decided. */
export interface Candidate {
  readonly name: ByteName;
  readonly kind: 'file' | 'directory' | 'other';
  readonly size: number;
  /** Whether its folder holds a `package.json`. */
  readonly besidePackage: boolean;
  /** Whether it is a directory that holds a `pyvenv.cfg`. */
  readonly holdsEnvironment: boolean;
}

export interface RuleFilesOf {
  readonly gitIgnore: RuleFile | undefined;
  readonly ownIgnore: RuleFile | undefined;
}

/**
 * The rules in force for the names of one directory. Strength, strongest first: our own staged siblings and `.git`,
 * the settings, `.holdfastignore` (the nearest first), `.gitignore` (the nearest first), the defaults. The first that
 * says anything decides. Nothing under a directory that is left out is ever asked about, as in git.
 */
export class DirectoryRules {
  readonly #directory: BytePath;
  readonly #options: RuleOptions;
  /** Strongest first. */
  readonly #settings: readonly RuleFile[];
  readonly #own: readonly RuleFile[];
  readonly #git: readonly RuleFile[];
  readonly #inGit: boolean;

  private constructor(parts: Parts) {
    this.#directory = parts.directory;
    this.#options = parts.options;
    this.#settings = parts.settings;
    this.#own = parts.own;
    this.#git = parts.git;
    this.#inGit = parts.inGit;
  }

  static root(options: RuleOptions, files: RuleFilesOf): DirectoryRules {
    const settings = options.excludes.length === 0 ? [] : [parseSettingsRules(options.excludes, options)];
    const parts = { directory: '' as BytePath, options, settings, own: [], git: [], inGit: false };
    return new DirectoryRules(withFiles(parts, files));
  }

  /** The rules of a directory in this one, which they keep. */
  child(name: ByteName, files: RuleFilesOf): DirectoryRules {
    const directory = joinPath(this.#directory, name);
    const inGit = this.#inGit || name === gitName;
    const common = { directory, options: this.#options, inGit };
    if (inGit) return new DirectoryRules({ ...common, settings: [], own: [], git: [] });
    const above = (rules: readonly RuleFile[]): readonly RuleFile[] => rulesAbove(rules, directory);
    const parts = { ...common, settings: above(this.#settings), own: above(this.#own), git: above(this.#git) };
    return new DirectoryRules(withFiles(parts, files));
  }

  decide(candidate: Candidate): Decision {
    return this.#decideByName(candidate) ?? this.#decideByFiles(candidate) ?? this.#decideByDefault(candidate);
  }

  /** The same decision, with the rule that keeps a path when one does. Slower; for explanations only. */
  explain(candidate: Candidate): Decision {
    const decision = this.decide(candidate);
    if (!decision.kept || decision.rule !== undefined || this.#inGit) return decision;
    for (const file of this.#files()) {
      const path = relativePath(file, { directory: this.#directory, candidate });
      if (file.decide(path) !== undefined) return { kept: true, rule: file.explainKept(path) };
    }
    return decision;
  }

  #decideByName({ name }: Candidate): Decision | undefined {
    if (isOwnSiblingName(name)) return leftOutByDefault('it is a temporary file of a restore');
    if (name !== gitName) return undefined;
    return this.#options.git ? { kept: true, rule: { kind: 'asked' } } : leftOutByDefault('`.git` is backed up only when asked for');
  }

  #decideByFiles(candidate: Candidate): Decision | undefined {
    for (const file of this.#files()) {
      const decision = file.decide(relativePath(file, { directory: this.#directory, candidate }));
      if (decision === undefined) continue;
      return decision.kept ? this.#decideBySize(candidate) ?? decision : decision;
    }
    return undefined;
  }

  #decideByDefault(candidate: Candidate): Decision {
    if (candidate.kind === 'directory' && !this.#inGit) {
      if (candidate.name === modulesName && candidate.besidePackage) return leftOutByDefault('`node_modules` beside a `package.json`');
      if (candidate.holdsEnvironment) return leftOutByDefault('a Python virtual environment');
    }
    return this.#decideBySize(candidate) ?? keptByNothing;
  }

  #decideBySize({ kind, size }: Candidate): Decision | undefined {
    const bytesMax = this.#options.fileBytesMax;
    return kind === 'file' && size > bytesMax ? { kept: false, rule: { kind: 'size', bytesMax } } : undefined;
  }

  *#files(): Generator<RuleFile> {
    yield* this.#settings;
    yield* this.#own;
    yield* this.#git;
  }
}

interface Parts {
  readonly directory: BytePath;
  readonly options: RuleOptions;
  readonly settings: readonly RuleFile[];
  readonly own: readonly RuleFile[];
  readonly git: readonly RuleFile[];
  readonly inGit: boolean;
}

function withFiles(parts: Parts, { gitIgnore, ownIgnore }: RuleFilesOf): Parts {
  return {
    ...parts,
    own: ownIgnore === undefined ? parts.own : [ownIgnore, ...parts.own],
    git: gitIgnore === undefined || !parts.options.gitignore ? parts.git : [gitIgnore, ...parts.git],
  };
}

/** Files above a kept directory, as they stand for what is in it. */
function rulesAbove(rules: readonly RuleFile[], directory: BytePath): readonly RuleFile[] {
  const leaving = (file: RuleFile): boolean => file.decide(`${relativeTo(file.options.directory, directory)}/`)?.kept === false;
  // Nearly always none does, and then all directories share one list.
  if (!rules.some(leaving)) return rules;
  return rules.map((file) => (leaving(file) ? file.keeping(relativeTo(file.options.directory, directory)) : file));
}

function relativePath(
  file: RuleFile,
  { directory, candidate }: { readonly directory: BytePath; readonly candidate: Candidate },
): string {
  const path = relativeTo(file.options.directory, joinPath(directory, candidate.name));
  return candidate.kind === 'directory' ? `${path}/` : path;
}

function relativeTo(directory: BytePath, path: string): string {
  return directory === '' ? path : path.slice(directory.length + 1);
}

function leftOutByDefault(reason: string): Decision {
  return { kept: false, rule: { kind: 'default', reason } };
}
