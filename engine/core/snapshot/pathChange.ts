import type { BytePath } from '../byteString.ts';
import type { ChangeKind } from './snapshotTypes.ts';

/** What happened to one path between a lane's snapshot and the next; a row of the path index before it gets its ids. */
export interface PathChange {
  readonly path: BytePath;
  readonly kind: ChangeKind;
  /** For `moved-from`: the path it had before. */
  readonly from?: BytePath;
}
