import type { SnapshotId } from '../../../protocol/ids.ts';
import { findSnapshot, listSnapshots } from '../read/snapshots.ts';
import type { Snapshot, SnapshotScope } from '../read/snapshots.ts';

/** What is asked for at once: the snapshot itself and, with few lanes at work, the one before it. */
const firstPage = 8;
/** Snapshots that are remembered while a history is read. */
const knownMax = 4_096;

/** Finds snapshots by id and what came before them in their lane, remembering what it has seen. */
export class SnapshotChain {
  readonly #scope: SnapshotScope;
  readonly #known = new Map<SnapshotId, Snapshot>();

  constructor(scope: SnapshotScope) {
    this.#scope = scope;
  }

  async get({ snapshot, seq }: { readonly snapshot: SnapshotId; readonly seq: number }): Promise<Snapshot> {
    const known = this.#known.get(snapshot);
    if (known !== undefined) return known;
    let seen = 0;
    for await (const each of listSnapshots(this.#scope, { before: seq + 1, pageSize: firstPage })) {
      this.#remember(each);
      if (++seen === firstPage) break;
    }
    return this.#known.get(snapshot) ?? this.#remember(await findSnapshot(snapshot, this.#scope));
  }

  /**
   * What a snapshot is compared with: the one before it in its lane that still has its content; for the first of a
   * lane, what the lane started from. Undefined: nothing came before.
   */
  async before(snapshot: Snapshot): Promise<Snapshot | undefined> {
    const { prev, parents, lane } = snapshot.header;
    const [above] = prev === undefined ? parents : [prev];
    if (above === undefined) return undefined;
    const direct = this.#known.get(above);
    if (direct !== undefined && !direct.stub) return direct;
    if (prev === undefined) return withContent(await this.#find(above));
    for await (const each of listSnapshots(this.#scope, { before: snapshot.seq })) {
      this.#remember(each);
      if (each.header.lane === lane && !each.stub) return each;
      if (each.header.lane === lane && each.header.prev === undefined) return undefined;
    }
    return undefined;
  }

  async #find(id: SnapshotId): Promise<Snapshot> {
    return this.#remember(await findSnapshot(id, this.#scope));
  }

  #remember(snapshot: Snapshot): Snapshot {
    if (this.#known.size >= knownMax) this.#known.clear();
    this.#known.set(snapshot.id, snapshot);
    return snapshot;
  }
}

function withContent(snapshot: Snapshot): Snapshot | undefined {
  return snapshot.stub ? undefined : snapshot;
}
