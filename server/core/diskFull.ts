import { BackupError } from '../../base/errors.ts';

/** Whoever reads it may be at a client far from the server, so it says whose disk and what goes on. */
export function diskFull(options: { readonly cause: unknown }): BackupError {
  const message = 'The disk of the server is full: nothing was stored. What it has can still be read; whoever runs it must free some space before anything is added.';
  return new BackupError('limit', message, { reason: 'disk-full' }, options);
}

export function isDiskFullCode(systemCode: string | undefined): boolean {
  return systemCode === 'ENOSPC' || systemCode === 'EDQUOT';
}
