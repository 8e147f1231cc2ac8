import type { Generated } from 'kysely';

/**
 * The tables as Kysely sees them. Blobs, integers and text only, so that one schema serves SQLite and PostgreSQL.
 * Ids are blobs; `key` is the server's own short number for a row, which other tables refer to. Times are ms, and
 * every table that holds something of an account says so in `account` or through the row it belongs to.
 */
export interface Schema {
  meta: MetaTable;
  accounts: AccountsTable;
  devices: DevicesTable;
  key_rings: KeyRingsTable;
  workspaces: WorkspacesTable;
  lanes: LanesTable;
  snapshots: SnapshotsTable;
  path_rows: PathRowsTable;
  refs: RefsTable;
  segments: SegmentsTable;
  inline_segments: InlineSegmentsTable;
  tree_headers: TreeHeadersTable;
  objects: ObjectsTable;
  locations: LocationsTable;
  volumes: VolumesTable;
  generations: GenerationsTable;
  events: EventsTable;
}

/** `instance`, `master_key_hash` (hex), `gathered_event` (decimal), `generation` (decimal). */
interface MetaTable {
  name: string;
  value: string;
}

interface AccountsTable {
  key: Generated<number>;
  id: Uint8Array;
  name: string;
  password_hash: string;
  created_at: number;
  disabled: number;
  quota_bytes: number | null;
  used_bytes: number;
  /** The newest snapshot's `seq`; counts per account, so that nobody learns how busy others are. */
  seq: number;
  gathered_seq: number;
  /** What `closed` of an object is when it counts. */
  closure_epoch: Generated<number>;
}

interface DevicesTable {
  key: Generated<number>;
  account: number;
  id: Uint8Array;
  name: string;
  token_hash: Uint8Array;
  created_at: number;
  seen_at: number | null;
  revoked_at: number | null;
  /** What it uploaded since counts as missing. */
  compromised_since: number | null;
}

interface KeyRingsTable {
  account: number;
  version: number;
  custody: string;
  wrapped: Uint8Array;
  created_at: number;
}

interface WorkspacesTable {
  key: Generated<number>;
  account: number;
  id: Uint8Array;
  name: string;
  created_at: number;
}

interface LanesTable {
  key: Generated<number>;
  account: number;
  id: Uint8Array;
  workspace: number;
  device: number;
  origin: Uint8Array;
  created_at: number;
  head_n: number;
  head_id: Uint8Array | null;
  head_seq: number;
}

/** Snapshots and stubs: a stub's `sealed` is null. Bytes are kept verbatim; the other columns repeat the header. */
interface SnapshotsTable {
  key: Generated<number>;
  account: number;
  seq: number;
  id: Uint8Array;
  workspace: number;
  lane: number;
  n: number;
  root: Uint8Array;
  partial: number;
  received_at: number;
  header: Uint8Array;
  sealed: Uint8Array | null;
  sealed_hash: Uint8Array;
  /** Encoded path rows as sent; `path_rows` is their index. */
  rows: Uint8Array;
}

interface PathRowsTable {
  workspace: number;
  path: Uint8Array;
  seq: number;
  kind: number;
  from_path: Uint8Array | null;
}

interface RefsTable {
  workspace: number;
  name: string;
  snapshot: Uint8Array;
  moved_at: number;
}

/** `content`: 1 data, 2 trees. With `volume` null the bytes are in `inline_segments`. */
interface SegmentsTable {
  key: Generated<number>;
  account: number;
  sha256: Uint8Array;
  content: number;
  bytes: number;
  device: number;
  received_at: number;
  generation: number;
  volume: number | null;
  position: number | null;
}

interface InlineSegmentsTable {
  segment: number;
  content: Uint8Array;
}

interface TreeHeadersTable {
  segment: number;
  header: Uint8Array;
}

/**
 * `closed` is the account's `closure_epoch` once a commit found everything beneath in it; chunks always count as closed.
 * `kind` is a chunk's while every copy says so. In the trash with `trashed_at` set.
 */
interface ObjectsTable {
  account: number;
  id: Uint8Array;
  kind: number;
  closed: number;
  generation: number;
  trashed_at: number | null;
}

/** Every segment that holds an object, oldest first by number. Who uploaded it, the segment says. */
interface LocationsTable {
  account: number;
  object: Uint8Array;
  segment: number;
}

/** `bytes`: everything before is durable and may be referred to; 0 while nothing in the file is. */
interface VolumesTable {
  key: Generated<number>;
  name: string;
  bytes: number;
  created_at: number;
}

/** Garbage collection's runs; commits and ingest bear the newest number. */
interface GenerationsTable {
  number: number;
  started_at: number;
  swept_at: number | null;
}

/** Changes that are no snapshots, in order: what volumes and other processes must hear of. `body` is JSON. */
interface EventsTable {
  key: Generated<number>;
  account: number;
  at: number;
  body: string;
}
