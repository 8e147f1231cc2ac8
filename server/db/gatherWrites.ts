import type { MetadataWrites } from '../core/metadataWrites.ts';
import { accountKey, setMetaValue } from './rows.ts';
import { fillVolume } from './segmentWrites.ts';
import type { Statements } from './statements.ts';

type GatherWrites = Pick<MetadataWrites, 'reserveVolume' | 'forgetVolumes' | 'moveSegments' | 'finishGather'>;

export function gatherWrites(statements: Statements): GatherWrites {
  return {
    reserveVolume({ volume, at }) {
      statements.run('insert into volumes (name, bytes, created_at) values (?, 0, ?)', volume, at);
    },
    forgetVolumes({ volumes }) {
      for (const volume of volumes) statements.run('delete from volumes where name = ? and bytes = 0', volume);
    },
    moveSegments({ moves, volumes }) {
      for (const fill of volumes) fillVolume(statements, fill);
      for (const { segment, volume, offset } of moves) {
        const moved = statements.run(
          `update segments set volume = (select key from volumes where name = ?), position = ? where key = ? and volume is null`,
          volume,
          offset,
          segment,
        );
        if (moved.changes > 0) statements.run('delete from inline_segments where segment = ?', segment);
      }
    },
    finishGather({ seqs, event, volumes }) {
      for (const fill of volumes) fillVolume(statements, fill);
      for (const { account, seq } of seqs) {
        statements.run('update accounts set gathered_seq = ? where key = ? and gathered_seq < ?', seq, accountKey(statements, account), seq);
      }
      setMetaValue(statements, 'gathered_event', String(event));
    },
  };
}
