import { fromHex, toHex } from '../../base/bytes.ts';
import type { ObjectId } from '../../protocol/ids.ts';
import { objectIdBytes, objectKinds } from '../../protocol/ids.ts';
import { packEntriesMax } from '../../protocol/limits.ts';
import type { MetadataReads, StoredSegment } from '../core/metadataReads.ts';
import { HeaderCache } from './headerCache.ts';
import { accountKey } from './rows.ts';
import { overQuota } from './segmentWrites.ts';
import { standing, storedObjectSql } from './standing.ts';
import type { Statements } from './statements.ts';

type ObjectReads = Pick<MetadataReads, 'missing' | 'knownSegments' | 'locate' | 'under'>;

/** Trees visited and headers read for one answer; whoever asks again with what lies deeper gets on. */
const visitedMax = 65_536;
const headersReadBytesMax = 256 * 1024 * 1024;
/** What a ZIP adds to a segment. */
const entryOverheadBytes = 128;
const standingSegmentSql = `select 1 from segments s join devices d on d.key = s.device where s.account = ? and s.sha256 = ? and ${standing}`;

export function objectReads(statements: Statements): ObjectReads {
  return {
    missing({ account, ids }) {
      const key = accountKey(statements, account);
      const find = storedObjectSql(statements, key, '1');
      const missing: number[] = [];
      for (let i = 0; i * objectIdBytes < ids.length; i++) {
        const id = ids.subarray(i * objectIdBytes, (i + 1) * objectIdBytes);
        if (statements.get(find, key, id) === undefined) missing.push(i);
      }
      return Uint32Array.from(missing);
    },

    knownSegments({ account, segments }) {
      const key = accountKey(statements, account);
      let newBytes = 0;
      const known = segments.map(({ sha256, bytes }) => {
        const found = statements.get(standingSegmentSql, key, sha256) !== undefined;
        if (!found) newBytes += bytes;
        return found;
      });
      const room = 'select 1 from accounts where key = ? and (quota_bytes is null or used_bytes + ? <= quota_bytes)';
      if (newBytes > 0 && statements.get(room, key, newBytes) === undefined) throw overQuota();
      return known;
    },

    locate({ account, ids, skip, bytesMax }) {
      const key = accountKey(statements, account);
      const answer = new SegmentAnswer(statements, bytesMax);
      const skipped = new Set(skip);
      for (const id of ids) {
        const place = findPlaces(statements, key, id).find(({ sha256 }) => !skipped.has(toHex(sha256)));
        if (place !== undefined && !answer.add(place)) break;
      }
      return answer.segments;
    },

    under({ account, roots, bytesMax }) {
      const key = accountKey(statements, account);
      const answer = new SegmentAnswer(statements, bytesMax);
      const headers = new HeaderCache(statements);
      const seen = new Set<ObjectId>(roots);
      let visited = 0;
      // A set may grow while it is iterated: breadth first.
      for (const id of seen) {
        if (!isStoredTree(statements, key, id)) continue;
        const [place] = findPlaces(statements, key, id);
        if (place === undefined) continue;
        if (!answer.add(place) || ++visited > visitedMax || headers.readBytes > headersReadBytesMax) break;
        for (const child of headers.children(place.key, id) ?? []) seen.add(child);
      }
      return answer.segments;
    },
  };
}

interface SegmentRow {
  readonly key: number;
  readonly sha256: Uint8Array;
  readonly bytes: number;
  readonly volume: string | null;
  readonly position: number | null;
}

function isStoredTree(statements: Statements, account: number, id: ObjectId): boolean {
  const row = statements.get<{ kind: number }>('select kind from objects where account = ? and id = ?', account, fromHex(id));
  return row !== undefined && row.kind !== objectKinds.chunk;
}

/** Oldest first, less what compromised devices sent. */
function findPlaces(statements: Statements, account: number, id: ObjectId): readonly SegmentRow[] {
  return statements.all<SegmentRow>(
    `select s.key, s.sha256, s.bytes, v.name as volume, s.position from locations l
     join segments s on s.key = l.segment join devices d on d.key = s.device left join volumes v on v.key = s.volume
     where l.account = ? and l.object = ? and ${standing}
     order by l.segment`,
    account,
    fromHex(id),
  );
}

/** Collects segments, each once, up to the bound of one answer; at least one. */
class SegmentAnswer {
  readonly segments: StoredSegment[] = [];
  readonly #statements: Statements;
  readonly #keys = new Set<number>();
  #room: number;

  constructor(statements: Statements, bytesMax: number) {
    this.#statements = statements;
    this.#room = bytesMax;
  }

  /** Answers false when there is no room left for it. */
  add({ key, sha256, bytes, volume, position }: SegmentRow): boolean {
    if (this.#keys.has(key)) return true;
    const fits = bytes + entryOverheadBytes <= this.#room && this.segments.length < packEntriesMax;
    if (!fits && this.segments.length > 0) return false;
    this.#keys.add(key);
    this.#room -= bytes + entryOverheadBytes;
    if (volume !== null) this.segments.push({ sha256, bytes, place: { kind: 'volume', volume, offset: position! } });
    else this.segments.push({ sha256, bytes, place: { kind: 'inline', content: this.#inline(key) } });
    return true;
  }

  #inline(key: number): Uint8Array {
    return this.#statements.get<{ content: Uint8Array }>('select content from inline_segments where segment = ?', key)!.content;
  }
}
