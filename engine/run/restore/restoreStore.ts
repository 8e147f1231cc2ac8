import { isBackupError } from '../../../base/errors.ts';
import { decodeChecked, decodeJournal, encodeChecked, encodeJournal, parseMark } from '../../core/restore/journal.ts';
import type { RestoreJournal } from '../../core/restore/journal.ts';
import type { Mark } from '../../core/restore/marks.ts';
import type { Hasher } from '../../ports/primitives.ts';
import type { StateFolder } from '../../ports/stateFolder.ts';

/**
 * How far a restore got.
 * - `planned`: siblings are being staged; nothing has been touched. Interrupted, it is undone.
 * - `staged`: all there is to put is complete and flushed. Interrupted, it is finished.
 * - `done`: everything is in place. Only siblings set aside may still be there.
 */
export type RestorePhase = 'planned' | 'staged' | 'done';

export interface StoredRestore {
  readonly name: string;
  readonly phase: RestorePhase;
}

/** What was staged, by the number of the intent. */
export interface StagedRecord {
  /** Puts of which nothing was staged. */
  readonly failed: ReadonlySet<number>;
  /** What each put is now: to tell later whether anybody touched it. */
  readonly marks: ReadonlyMap<number, Mark>;
}

export interface DoneRecord {
  /** Intents that were not carried out, because something had changed or failed. */
  readonly skipped: ReadonlySet<number>;
  /** Whether what was set aside is still there. */
  readonly asides: 'kept' | 'dropped';
  /** Whether directories have their own modes and times. */
  readonly directories: 'pending' | 'set';
}

/** The journals of one folder's in-place restores, in a state folder of their own. */
export class RestoreStore {
  readonly #state: StateFolder;
  readonly #hasher: Hasher;

  constructor(state: StateFolder, hasher: Hasher) {
    this.#state = state;
    this.#hasher = hasher;
  }

  /** Oldest first. */
  async list(): Promise<readonly StoredRestore[]> {
    const files = new Set(await this.#state.list());
    const names = Array.from(files, (file) => namePattern.exec(file)?.[1]).filter((name) => name !== undefined);
    return names.sort().map((name) => ({ name, phase: phaseOf(name, files) }));
  }

  async read(name: string): Promise<RestoreJournal> {
    return decodeJournal(await this.#read(`${name}.plan`), this.#hasher);
  }

  async readStaged(name: string): Promise<StagedRecord> {
    const record = decodeChecked(await this.#read(`${name}.staged`), this.#hasher);
    const marks = (record['marks'] as readonly [number, unknown][]).map(([n, mark]) => [n, parseMark(mark)] as const);
    return { failed: new Set(record['failed'] as readonly number[]), marks: new Map(marks) };
  }

  async readDone(name: string): Promise<DoneRecord> {
    const record = decodeChecked(await this.#read(`${name}.done`), this.#hasher);
    return {
      skipped: new Set(record['skipped'] as readonly number[]),
      asides: record['asides'] === 'kept' ? 'kept' : 'dropped',
      directories: record['directories'] === 'pending' ? 'pending' : 'set',
    };
  }

  /** Makes it durable before anything is touched; answers the name. */
  async plan(journal: RestoreJournal): Promise<string> {
    const last = (await this.list()).at(-1)?.name ?? '';
    const number = (Number.parseInt(last, 10) || 0) + 1;
    const name = `${String(number).padStart(10, '0')}-${journal.id}`;
    await this.#state.replace(`${name}.plan`, encodeJournal(journal, this.#hasher));
    return name;
  }

  async staged(name: string, { failed, marks }: StagedRecord): Promise<void> {
    await this.#state.replace(`${name}.staged`, encodeChecked({ failed: [...failed], marks: [...marks] }, this.#hasher));
  }

  async done(name: string, { skipped, asides, directories }: DoneRecord): Promise<void> {
    await this.#state.replace(`${name}.done`, encodeChecked({ skipped: [...skipped], asides, directories }, this.#hasher));
  }

  /** The plan first: without it the rest means nothing. */
  async remove(name: string): Promise<void> {
    for (const phase of ['plan', 'staged', 'done']) await this.#state.remove(`${name}.${phase}`);
  }

  /** Forgets all that are over but the last, which is what `undo` takes back. */
  async prune(): Promise<void> {
    for (const { name, phase } of (await this.list()).slice(0, -1)) {
      if (phase === 'done' && (await this.isOver(name))) await this.remove(name);
    }
  }

  /** Whether nothing is left to be done; false also for a record that cannot be read. */
  async isOver(name: string): Promise<boolean> {
    try {
      const { asides, directories } = await this.readDone(name);
      return asides === 'dropped' && directories === 'set';
    } catch (error) {
      if (isBackupError(error)) return false;
      throw error;
    }
  }

  async #read(file: string): Promise<Uint8Array> {
    return (await this.#state.read(file)) ?? new Uint8Array();
  }
}

const namePattern = /^(\d{10}-[0-9a-f]{8})\.plan$/;

function phaseOf(name: string, files: ReadonlySet<string>): RestorePhase {
  if (files.has(`${name}.done`)) return 'done';
  return files.has(`${name}.staged`) ? 'staged' : 'planned';
}
