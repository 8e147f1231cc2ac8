import type { StateFolder } from '../ports/stateFolder.ts';

/** A state folder in memory; `files` may be looked at and damaged by tests. */
export function memoryStateFolder(files = new Map<string, Uint8Array>()): StateFolder & { readonly files: Map<string, Uint8Array> } {
  return {
    files,
    read: async (name) => files.get(name)?.slice(),
    replace: async (name, bytes) => void files.set(name, bytes.slice()),
    async append(name, bytes) {
      const before = files.get(name) ?? new Uint8Array(0);
      const after = new Uint8Array(before.length + bytes.length);
      after.set(before);
      after.set(bytes, before.length);
      files.set(name, after);
    },
    remove: async (name) => void files.delete(name),
    list: async () => [...files.keys()],
  };
}
