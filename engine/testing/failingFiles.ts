import type { SafeFiles } from '../ports/safeFiles.ts';

/** From the k-th call that changes something on, nothing works any more: as if the process had died. */
export function failAt(files: SafeFiles, k: number): { readonly files: SafeFiles; calls(): number } {
  let calls = 0;
  const changing = ['create', 'makeDirectory', 'makeSymlink', 'rename', 'renameNew', 'removeFile', 'removeDirectory', 'setMode', 'setModified'] as const;
  const wrapped: Record<string, unknown> = { ...files };
  for (const name of changing) {
    const original = files[name] as (...args: never[]) => Promise<unknown>;
    wrapped[name] = async (...args: never[]) => {
      if (++calls >= k) throw new Error('killed');
      return await original(...args);
    };
  }
  return { files: wrapped as unknown as SafeFiles, calls: () => calls };
}
