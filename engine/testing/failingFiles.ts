import { safeFiles } from '../platform/safeFiles.ts';
import type { SafeFiles } from '../ports/safeFiles.ts';
import type { StateFolder } from '../ports/stateFolder.ts';

const changing = ['create', 'makeDirectory', 'makeSymlink', 'rename', 'renameNew', 'removeFile', 'removeDirectory', 'setMode', 'setModified'] as const;

export interface Dying {
  readonly files: SafeFiles;
  /** Counts one more call and fails it when its time has come. */
  readonly count: () => void;
  calls(): number;
}

/** From the k-th call that changes something on, nothing works any more: as if the process had died. */
export function failAt(files: SafeFiles, k: number): Dying {
  let calls = 0;
  const count = (): void => {
    if (++calls >= k) throw new Error('killed');
  };
  const wrapped: Record<string, unknown> = { ...files };
  for (const name of changing) {
    const original = files[name] as (...args: never[]) => Promise<unknown>;
    wrapped[name] = async (...args: never[]) => {
      count();
      return await original(...args);
    };
  }
  return { files: wrapped as unknown as SafeFiles, count, calls: () => calls };
}

/** The same for a state folder, counting on the same clock. */
export function failStateAt(state: StateFolder, count: () => void): StateFolder {
  return {
    ...state,
    async replace(name, bytes) {
      count();
      await state.replace(name, bytes);
    },
    async remove(name) {
      count();
      await state.remove(name);
    },
  };
}

/** As on a platform where a directory cannot be held: only its name is known. */
export const unsteady: SafeFiles = {
  ...safeFiles,
  async hold(at) {
    const held = await safeFiles.hold(at);
    return { ...held, path: at, steady: false };
  },
};
