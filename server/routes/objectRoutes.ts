import { BackupError } from '../../base/errors.ts';
import { objectIdBytes, type PackId } from '../../protocol/ids.ts';
import { missingIdsMax, packBytesMax, packEntriesMax } from '../../protocol/limits.ts';
import { mediaTypes } from '../../protocol/messages/headers.ts';
import { decodeIds, encodeBitmap, parseFetchRequest } from '../../protocol/messages/objects.ts';
import { encodePack, packEndBytes, packEntryOverheadBytes } from '../../engine/core/pack/pack.ts';
import type { Hasher } from '../../engine/ports/primitives.ts';
import type { Pack } from '../../engine/ports/repository.ts';
import type { Part, PartRule } from './multipart.ts';
import { nothing, type DeviceCall, type RouteAnswer } from './routeTypes.ts';

/** The part that a pack travels in. */
export function packPart({ required }: { readonly required: boolean }): PartRule {
  return { name: 'pack', bytesMax: packBytesMax, required };
}

/** Errors: `corrupt` when it is not what its file name says. */
export function packOf({ bytes, filename, sha256 }: Part): Pack {
  if (filename !== `${sha256}.zip`) {
    throw new BackupError('corrupt', 'The pack is not what its file name says: SHA-256 in hex, then `.zip`.', { sha256 });
  }
  return { id: sha256 as PackId, bytes };
}

/** Asking for, sending and fetching objects. */
export function objectRoutes({ hasher }: { readonly hasher: Hasher }) {
  return {
    async missing({ body, repository, signal }: DeviceCall): Promise<RouteAnswer> {
      const ids = decodeIds(await body.bytes(missingIdsMax * objectIdBytes));
      const missing = await repository.missing(ids, { signal });
      return { kind: 'bytes', mediaType: mediaTypes.bytes, bytes: encodeBitmap(ids, missing) };
    },

    async putPack({ body, repository, signal }: DeviceCall): Promise<RouteAnswer> {
      const parts = await body.multipart([packPart({ required: true })]);
      const part = parts.get('pack');
      if (part !== undefined) await repository.putPack(packOf(part), { signal });
      return nothing;
    },

    /** Room for the segments and the ZIP of them; once made, only what is still held. */
    async fetch({ body, memory, repository, signal }: DeviceCall): Promise<RouteAnswer> {
      const request = await body.json(parseFetchRequest);
      await memory.reserve(2 * packBytesMax);
      const segments = await repository.fetch(request, { signal });
      if (segments.length === 0) return nothing;
      const { bytes } = await encodePack(fitting(segments), hasher);
      memory.shrinkTo(bytes.length);
      return { kind: 'bytes', mediaType: mediaTypes.zip, bytes };
    },
  };
}

/** As many as a pack holds with what ZIP adds: the rest is asked for again. */
function fitting(segments: readonly Uint8Array[]): readonly Uint8Array[] {
  let bytes = packEndBytes;
  const end = segments.findIndex((segment, index) => {
    bytes += segment.length + packEntryOverheadBytes;
    return bytes > packBytesMax || index >= packEntriesMax;
  });
  return end === -1 ? segments : segments.slice(0, end);
}
