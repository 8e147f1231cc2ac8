import type { SnapshotDetails } from '../core/snapshot/snapshotTypes.ts';

/** Details of a snapshot of which the test minds only the header, the tree or the rows. */
export const emptyDetails: SnapshotDetails = {
  message: undefined,
  host: 'host',
  folder: '/folder',
  counts: { files: 0, directories: 0, symlinks: 0, bytes: 0, filesNew: 0, filesChanged: 0, filesDeleted: 0 },
  warnings: [],
  warningsTotal: 0,
  changed: [],
  git: undefined,
};
