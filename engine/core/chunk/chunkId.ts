import type { ChunkId } from '../../../protocol/ids.ts';
import type { HashContext } from '../formatContext.ts';
import { objectId } from '../objectId.ts';
import type { PlainObject } from '../segment/segmentTypes.ts';

export function chunkId(content: Uint8Array, context: HashContext): ChunkId {
  return objectId({ kind: 'chunk', children: [], body: content }, context) as ChunkId;
}

/** The object of a chunk of which the id is known. */
export function chunkObject(id: ChunkId, content: Uint8Array): PlainObject {
  return { kind: 'chunk', id, children: [], body: content };
}
