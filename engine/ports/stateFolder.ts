/**
 * One folder of our own state, flat: whole files that are replaced atomically, and journals that grow at their end.
 * Names are plain ASCII. All calls reject with the system's error, wrapped where the folder is used.
 */
export interface StateFolder {
  /** Undefined when there is none. */
  read(name: string): Promise<Uint8Array | undefined>;
  /** The new content or the old one, never a mixture, whatever crashes; durable when it resolves. */
  replace(name: string, bytes: Uint8Array): Promise<void>;
  /** Adds at the end. Not durable, and a crash may leave a part of it: records carry their own checksum. */
  append(name: string, bytes: Uint8Array): Promise<void>;
  /** Does nothing when there is none. */
  remove(name: string): Promise<void>;
  /** Names of all files, unfinished ones left out. */
  list(): Promise<readonly string[]>;
}
