import { type ByteName, type BytePath, ancestorsOf, joinPath, nameOfPath, namesOfPath, parentPath, rootPath } from '../../core/byteString.ts';
import type { Decision } from '../../core/ignore/decision.ts';
import { DirectoryRules, environmentMarker, type RuleFilesOf, type RuleOptions } from '../../core/ignore/directoryRules.ts';
import { gitIgnoreName, ownIgnoreName, parseRuleFile, type RuleFile, ruleFileBytesMax } from '../../core/ignore/ruleFile.ts';
import type { AbsolutePath, Files } from '../../ports/files.ts';

export const packageName = 'package.json' as ByteName;
const modulesName = 'node_modules' as ByteName;

/** The rules of a directory, or the decision that leaves it out, or undefined when there is no such directory. */
export type RulesAt =
  | { readonly kind: 'rules'; readonly rules: DirectoryRules }
  | { readonly kind: 'left-out'; readonly at: BytePath; readonly decision: Decision }
  | { readonly kind: 'gone' };

/**
 * The rules of every directory of a folder, read from disk when first needed and remembered until they change. Paths
 * in `include` are kept, and the directories above them, whatever the rules say.
 */
export class FolderRules {
  readonly #files: Files;
  readonly #root: AbsolutePath;
  readonly #options: RuleOptions;
  readonly #known = new Map<BytePath, Promise<RulesAt> | RulesAt>();
  readonly #included = new Set<BytePath>();

  constructor({ files, root, options, include = [] }: FolderRulesOptions) {
    this.#files = files;
    this.#root = root;
    this.#options = options;
    for (const path of include) {
      this.#included.add(path);
      for (const above of ancestorsOf(path)) this.#included.add(above);
    }
  }

  /** Whether a path is kept because it was asked for, or leads to one that was. */
  isIncluded(path: BytePath): boolean {
    return this.#included.has(path);
  }

  /** The rules for what is in `directory`, wherever it is. */
  async rulesFor(directory: BytePath): Promise<RulesAt> {
    const known = this.#known.get(directory);
    if (known !== undefined) return await known;
    const reading = this.#read(directory);
    this.#known.set(directory, reading);
    try {
      const rules = await reading;
      if (this.#known.get(directory) === reading) this.#remember(directory, rules);
      return rules;
    } catch (error) {
      this.#known.delete(directory);
      throw error;
    }
  }

  /** The same for a directory that was just listed: `names` says which rule files it holds. They are read afresh. */
  async rulesListed(directory: BytePath, names: ReadonlySet<string>): Promise<RulesAt> {
    // A directory may be here only because something in it was asked for: then its own decision is needed.
    if (directory !== rootPath && this.#included.has(directory)) return await this.rulesFor(directory);
    const above = directory === rootPath ? undefined : await this.rulesFor(parentPath(directory));
    if (above !== undefined && above.kind !== 'rules') return await this.rulesFor(directory);
    const files = await this.#ruleFiles(directory, (name) => names.has(name));
    const rules = above === undefined ? DirectoryRules.root(this.#options, files) : above.rules.child(nameOfPath(directory), files);
    const found: RulesAt = { kind: 'rules', rules };
    this.#known.set(directory, found);
    return found;
  }

  /**
   * Forgets the rules that changed paths concern. Answers the paths that must be looked at again with all that is
   * under them, because a rule for them may have changed.
   */
  invalidate(dirty: Iterable<BytePath>): readonly BytePath[] {
    const again: BytePath[] = [];
    const stale = new Set<BytePath>();
    for (const path of dirty) {
      const concerned = this.#concernedBy(path);
      if (concerned !== undefined) again.push(concerned);
      const directory = concerned ?? path;
      if (concerned !== undefined || this.#known.has(directory)) stale.add(directory);
    }
    if (stale.size > 0) this.#forget(stale);
    return again;
  }

  /** Before a scan of everything: nothing remembered is trusted. */
  clear(): void {
    this.#known.clear();
  }

  #concernedBy(path: BytePath): BytePath | undefined {
    const directory = parentPath(path);
    switch (nameOfPath(path)) {
      case gitIgnoreName:
        return this.#options.gitignore ? directory : undefined;
      case ownIgnoreName:
      case environmentMarker:
        return directory;
      case packageName:
        return joinPath(directory, modulesName);
      default:
        return undefined;
    }
  }

  #forget(stale: ReadonlySet<BytePath>): void {
    for (const directory of this.#known.keys()) {
      if (stale.has(directory) || [...ancestorsOf(directory)].some((above) => stale.has(above))) this.#known.delete(directory);
    }
  }

  /** What is not there takes no memory: anybody could ask for any number of such paths. */
  #remember(directory: BytePath, rules: RulesAt): void {
    if (rules.kind === 'rules') this.#known.set(directory, rules);
    else this.#known.delete(directory);
  }

  async #read(directory: BytePath): Promise<RulesAt> {
    if (directory === rootPath) return { kind: 'rules', rules: DirectoryRules.root(this.#options, await this.#ruleFiles(directory, () => true)) };
    const above = await this.rulesFor(parentPath(directory));
    if (above.kind === 'gone' || (above.kind === 'left-out' && !this.isIncluded(directory))) return above;
    if (!(await this.#isDirectory(directory))) return { kind: 'gone' };
    if (above.kind === 'left-out') return above;
    const decision = above.rules.decide({ name: nameOfPath(directory), kind: 'directory', size: 0, ...(await this.surroundings(directory)) });
    if (!decision.kept) return { kind: 'left-out', at: directory, decision };
    return { kind: 'rules', rules: above.rules.child(nameOfPath(directory), await this.#ruleFiles(directory, () => true)) };
  }

  /** What decides on directories by default. */
  async surroundings(directory: BytePath): Promise<{ besidePackage: boolean; holdsEnvironment: boolean }> {
    const besidePackage = nameOfPath(directory) === modulesName && (await this.#exists(joinPath(parentPath(directory), packageName)));
    return { besidePackage, holdsEnvironment: await this.#exists(joinPath(directory, environmentMarker)) };
  }

  async #ruleFiles(directory: BytePath, has: (name: ByteName) => boolean): Promise<RuleFilesOf> {
    const gitIgnore = this.#options.gitignore && has(gitIgnoreName) ? await this.#ruleFile(directory, gitIgnoreName) : undefined;
    const ownIgnore = has(ownIgnoreName) ? await this.#ruleFile(directory, ownIgnoreName) : undefined;
    return { gitIgnore, ownIgnore };
  }

  async #ruleFile(directory: BytePath, name: ByteName): Promise<RuleFile | undefined> {
    try {
      const file = await this.#files.readWhole(this.#at(joinPath(directory, name)), ruleFileBytesMax);
      return file === undefined ? undefined : parseRuleFile(file.bytes, { directory, name, ignoreCase: this.#options.ignoreCase });
    } catch {
      return undefined; // Absent, a link (git does not follow those either), or unreadable: the listing warns of it.
    }
  }

  async #isDirectory(path: BytePath): Promise<boolean> {
    try {
      return (await this.#files.lstat(this.#at(path))).kind === 'directory';
    } catch {
      return false; // Not there, or not to be reached: there is nothing to decide on.
    }
  }

  async #exists(path: BytePath): Promise<boolean> {
    try {
      await this.#files.lstat(this.#at(path));
      return true;
    } catch {
      return false; // What cannot be reached is as good as absent.
    }
  }

  #at(path: BytePath): AbsolutePath {
    return this.#files.join(this.#root, ...namesOfPath(path));
  }
}

export interface FolderRulesOptions {
  readonly files: Files;
  readonly root: AbsolutePath;
  readonly options: RuleOptions;
  readonly include?: Iterable<BytePath>;
}
