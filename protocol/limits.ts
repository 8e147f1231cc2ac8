/**
 * Every bound that client and server must agree on. Units last. A reader checks a length against its bound before
 * it allocates; docs/format.md and docs/protocol.md name the reasons.
 */
const kib = 1024;
const mib = 1024 * kib;

/** A chunk's plaintext. */
export const chunkBytesMax = 2 * mib;
/** Plaintext of all objects of a segment together, lengths table excluded. */
export const segmentPlainBytesMax = 4 * mib;
/** Where a writer closes a segment. */
export const segmentPlainBytesTarget = 2 * mib;
/** A whole stored segment, header included: plaintext that did not compress, plus headers and child lists. */
export const segmentBytesMax = 8 * mib;
export const segmentObjectsMax = 16_384;
/** Children of one tree or list. */
export const objectChildrenMax = 4_096;
/** Plaintext body of one tree node or list node: 256 links of the longest names and targets come to 1.3 MiB. */
export const nodeBodyBytesMax = 2 * mib;
export const packBytesMax = 32 * mib;
/** Where a client closes a pack; halved on 413. */
export const packBytesTarget = 16 * mib;
export const packEntriesMax = 4_096;

export const snapshotHeaderBytesMax = 2 * kib;
export const snapshotSealedBytesMax = 256 * kib;
export const snapshotParentsMax = 8;
export const pathRowsMax = 2_000;
export const changedPathsMax = 200;
export const warningsMax = 200;

/** A path component and a whole path, in bytes as on disk. */
export const nameBytesMax = 1_024;
export const pathBytesMax = 4_095;
export const linkTargetBytesMax = 4_095;
export const treeLevelsMax = 8;
export const listLevelsMax = 8;
export const treeDepthMax = 4_096;

export const missingIdsMax = 65_536;
export const fetchIdsMax = 8_192;
export const fetchRootsMax = 4_096;
export const jsonBodyBytesMax = mib;
export const snapshotsPageMax = 500;
export const historyPageMax = 1_000;
export const historyAncestorsMax = 2_048;
export const refNameBytesMax = 64;
export const workspaceNameBytesMax = 256;
export const accountNameBytesMax = 64;
export const deviceNameBytesMax = 128;
export const passwordBytesMax = 1_024;
export const passwordCharactersMin = 8;
export const ringBytesMax = 16 * kib;

/** What one account may have of things that no quota of bytes counts. */
export const workspacesMax = 1_000;
export const lanesMax = 20_000;
export const refsMax = 10_000;
/** Those that are not revoked. */
export const devicesMax = 2_000;
