import { BackupError } from '../../base/errors.ts';
import { byteStringOfText, displayName, rootPath, type BytePath } from '../../engine/core/byteString.ts';
import { decisionText } from '../../engine/core/ignore/decision.ts';
import type { RuleOptions } from '../../engine/core/ignore/directoryRules.ts';
import type { RestorePlan } from '../../engine/core/restore/restorePlan.ts';
import { absolutePath, realAbsolutePath } from '../../engine/platform/nativePath.ts';
import type { AbsolutePath } from '../../engine/ports/files.ts';
import { usualPush, type FolderAnswer } from '../../engine/run/owned/folderRequest.ts';
import { planInFolder } from '../../engine/run/owned/ownedFolder.ts';
import { ObjectReader } from '../../engine/run/read/objectReader.ts';
import { findSnapshotById, requireContent } from '../../engine/run/read/snapshots.ts';
import type { InPlaceReport, RestoreReport } from '../../engine/run/restore/restoreReport.ts';
import { restoreInto } from '../../engine/run/restore/restoreInto.ts';
import { FolderRules } from '../../engine/run/scan/folderRules.ts';
import { explainPath } from '../../engine/run/scan/inspectPath.ts';
import type { ScanContext } from '../../engine/run/scan/scanTypes.ts';
import type { FollowedFolder, ParamsOf, RestoreCall, RestorePreview, RuleSettings } from '../messages/engineCalls.ts';
import type { Session } from '../../engine/core/session/session.ts';
import { signInAnew, signOut, unknownCertificate } from './accounts.ts';
import { BackupFolder } from './backupFolder.ts';
import type { CallOptions, Calls } from './serveCalls.ts';
import { ServerLink } from './serverLink.ts';
import { SnapshotBrowser } from './snapshotBrowser.ts';
import { surveyFolder } from './surveyFolder.ts';
import type { WorkerParts } from './workerParts.ts';
import { workspaceOf } from './workspaces.ts';

const previewActionsMax = 1_000;

interface Connected {
  readonly link: ServerLink;
  readonly browser: SnapshotBrowser;
}

/** The engine as the editor sees it: one session, and the folders that are backed up from this window. */
export class EngineHost {
  readonly #parts: WorkerParts;
  readonly #folders = new Map<string, BackupFolder>();
  #connected: Connected | undefined;
  /** Changes of session and folders, one after the other. */
  #changing: Promise<void> = Promise.resolve();

  constructor(parts: WorkerParts) {
    this.#parts = parts;
  }

  calls(): Calls {
    const { home } = this.#parts;
    return {
      certificate: async ({ url, proxy }, options) => await unknownCertificate(url, { ...options, proxy }),
      signIn: async (request, options) => await signInAnew(request, { ...options, home }),
      signOut: async ({ session, proxy }, options) => await signOut(session, { ...options, proxy }),
      useSession: async ({ session, proxy }) => await this.#change(async () => await this.#useSession(session, proxy)),
      follow: async ({ folders }) => await this.#change(async () => await this.#follow(folders)),
      notice: async (notice) => this.#folders.get(notice.folder)?.notice(notice),
      push: async (params, options) => await this.#push(params, options),
      survey: async ({ folder, rules }, options) => await surveyFolder(await this.#scanContext(folder, rules), options),
      explain: async ({ folder, path, rules }, options) => await this.#explain({ folder, path, rules }, options),
      workspaceOf: async ({ folder }, { signal }) => await workspaceOf(folder, { link: this.#link, signal }),
      snapshots: async (params, options) => await this.#browser.snapshots(params, options),
      snapshot: async ({ snapshot }, options) => await this.#browser.snapshot(snapshot, options),
      changes: async (params, options) => await this.#browser.changes(params, options),
      directory: async (params, options) => await this.#browser.directory(params, options),
      stat: async (params, options) => await this.#browser.stat(params, options),
      readFile: async (params, options) => await this.#browser.readFile(params, options),
      history: async (params, options) => await this.#browser.history(params, options),
      deletedFiles: async (params, options) => await this.#browser.deletedFiles(params, options),
      planRestore: async (params, options) => await this.#planRestore(params, options),
      restore: async (params, options) => await this.#restore(params, options),
      restoreTo: async (params, options) => await this.#restoreTo(params, options),
      undo: async ({ folder, except }, options) => restored(await this.#folder(folder).perform({ kind: 'undo', except: new Set(except) }, options)),
    };
  }

  async close(): Promise<void> {
    await this.#change(async () => await this.#useSession(undefined));
  }

  async #change(work: () => Promise<void>): Promise<void> {
    const changing = this.#changing.then(work);
    this.#changing = changing.catch(() => undefined /* who asked is told */);
    await changing;
  }

  async #useSession(session: Session | undefined, proxy?: string): Promise<void> {
    const reason = new BackupError('cancelled', session === undefined ? 'You signed out.' : 'You signed in anew.');
    await Promise.all(Array.from(this.#folders.values(), async (folder) => await folder.close(reason)));
    this.#folders.clear();
    this.#connected?.link.close(reason);
    this.#connected = undefined;
    if (session === undefined) return;
    const link = new ServerLink(session, { ...this.#parts, proxy });
    this.#connected = { link, browser: new SnapshotBrowser(link) };
  }

  async #follow(folders: readonly FollowedFolder[]): Promise<void> {
    const wanted = new Map(folders.map((each) => [each.folder, each]));
    for (const [path, folder] of this.#folders) {
      const settings = wanted.get(path);
      if (settings !== undefined && JSON.stringify(settings) === JSON.stringify(folder.settings)) continue;
      this.#folders.delete(path);
      await folder.close(new BackupError('cancelled', 'The settings of this folder changed.'));
    }
    for (const settings of folders) {
      if (this.#folders.has(settings.folder) || this.#connected === undefined) continue;
      const rules = this.#ruleOptions(settings.rules);
      const folder = new BackupFolder({ parts: this.#parts, link: this.#connected.link, settings, rules });
      this.#folders.set(settings.folder, folder);
      folder.start();
    }
  }

  async #push({ folder, message }: ParamsOf<'push'>, options: CallOptions) {
    const answer = await this.#folder(folder).perform({ ...usualPush, dirty: 'all', trigger: 'manual', message }, options);
    if (answer.kind !== 'pushed') throw new Error('Broken invariant: a push was not answered as one.');
    return answer.report;
  }

  async #planRestore({ folder, snapshot, path, deleteOthers }: RestoreCall, options: CallOptions): Promise<RestorePreview> {
    const link = this.#link;
    const { files, clock, windows } = this.#parts;
    const rules = this.#folder(folder).settings.rules;
    const parts = { patient: link.patient, context: await link.formatContext(), files, root: await realRoot(folder), clock, windows, rules: this.#ruleOptions(rules) };
    return previewOf(await planInFolder(parts, { ...options, snapshot, path, deleteOthers }));
  }

  async #restore({ folder, snapshot, path, deleteOthers, except }: ParamsOf<'restore'>, options: CallOptions): Promise<InPlaceReport> {
    const request = { kind: 'restore', snapshot, path, deleteOthers, except: new Set(except) } as const;
    return restored(await this.#folder(folder).perform(request, options));
  }

  async #restoreTo({ snapshot: id, path, target }: ParamsOf<'restoreTo'>, { signal, onProgress }: CallOptions): Promise<RestoreReport> {
    const { patient } = this.#link;
    const context = await this.#link.formatContext();
    const snapshot = requireContent(await findSnapshotById(id, { repository: patient, signal }));
    const { files, windows } = this.#parts;
    const reader = new ObjectReader({ repository: patient, context, signal });
    const root = snapshot.header.root;
    return await restoreInto({ reader, context, files, root, path, folder: absolutePath(target), windows, signal, onProgress });
  }

  async #explain({ folder, path, rules }: ParamsOf<'explain'>, options: CallOptions): Promise<string> {
    const { at, decision } = await explainPath(await this.#scanContext(folder, rules), byteStringOfText(path), options);
    const because = displayName(at) === path || at === rootPath ? '' : ` (${displayName(at)} is)`;
    return `${path}: ${decisionText(decision)}${because}.`;
  }

  async #scanContext(folder: string, rules: RuleSettings): Promise<ScanContext> {
    const { files } = this.#parts;
    const root = await realRoot(folder);
    return { files, root, rules: new FolderRules({ files, root, options: this.#ruleOptions(rules) }) };
  }

  #ruleOptions({ exclude, fileBytesMax }: RuleSettings): RuleOptions {
    return { gitignore: true, git: false, excludes: exclude, fileBytesMax, ignoreCase: this.#parts.ignoreCase };
  }

  #folder(path: string): BackupFolder {
    const folder = this.#folders.get(path);
    if (folder !== undefined) return folder;
    throw new BackupError('denied', this.#connected === undefined ? 'You are not signed in to a server.' : 'This folder is not backed up from this window.');
  }

  get #link(): ServerLink {
    return this.#session.link;
  }

  get #browser(): SnapshotBrowser {
    return this.#session.browser;
  }

  get #session(): Connected {
    if (this.#connected === undefined) throw new BackupError('denied', 'You are not signed in to a server.', { reason: 'signed-out' });
    return this.#connected;
  }
}

async function realRoot(folder: string): Promise<AbsolutePath> {
  return await realAbsolutePath(absolutePath(folder));
}

function restored(answer: FolderAnswer): InPlaceReport {
  if (answer.kind === 'restored') return answer.report;
  throw new Error('Broken invariant: a restore was not answered as one.');
}

function previewOf({ actions, refused, totals }: RestorePlan): RestorePreview {
  const shown: { kind: RestorePreview['actions'][number]['kind']; path: BytePath }[] = [];
  for (const action of actions) {
    if (action.kind === 'directory') continue;
    const { path } = action;
    if (action.kind === 'put') shown.push({ kind: action.before === undefined ? 'create' : 'replace', path });
    else shown.push({ kind: action.kind, path });
  }
  return { totals, actions: shown.slice(0, previewActionsMax), actionsTotal: shown.length, refused };
}
