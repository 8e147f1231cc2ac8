import type { ObjectId, ObjectKind } from '../../../protocol/ids.ts';
import type { CodecName } from './codec.ts';

/**
 * An object in plain: its id, and for trees and lists the ids it refers to (distinct, in order of first
 * reference; the body names them by position).
 */
export interface PlainObject {
  readonly kind: ObjectKind;
  readonly id: ObjectId;
  readonly children: readonly ObjectId[];
  /** A chunk's content, or the canonical CBOR of a tree or list node. */
  readonly body: Uint8Array;
}

/** What the clear header of a segment says of one object. */
export interface SegmentObject {
  readonly kind: ObjectKind;
  readonly id: ObjectId;
  readonly children: readonly ObjectId[];
}

/** `data` holds chunks only; `trees` holds trees and lists only. */
export type SegmentContent = 'data' | 'trees';

export interface SegmentHeader {
  readonly content: SegmentContent;
  readonly codec: CodecName;
  /** Which seal master sealed it. */
  readonly epoch: number;
  readonly salt: Uint8Array;
  /** Bytes of the body before compression (lengths table included) and as stored (tag included). */
  readonly plainBytes: number;
  readonly storedBytes: number;
  readonly objects: readonly SegmentObject[];
  /** Bytes of the header itself; the body follows. */
  readonly headerBytes: number;
}
