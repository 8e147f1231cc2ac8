import type { AccountId } from '../../protocol/ids.ts';

/** One thing that `check` has to say. The last one is the summary. */
export type CheckFinding = CheckProblem | CheckNote | CheckSummary;

/** Something that must hold does not. */
export interface CheckProblem {
  readonly kind: 'problem';
  readonly what: CheckSubject;
  readonly message: string;
  readonly account: AccountId | undefined;
  /** The id of what is wrong: a segment's SHA-256, an object, a snapshot, a lane, a volume's name. */
  readonly id: string;
}

/** Harmless, worth knowing: the unreferenced tail that a crash left in a volume. */
export interface CheckNote {
  readonly kind: 'note';
  readonly what: CheckSubject;
  readonly message: string;
  readonly id: string;
}

export interface CheckSummary {
  readonly kind: 'summary';
  readonly accounts: number;
  readonly snapshots: number;
  readonly objects: number;
  readonly segments: number;
  readonly segmentBytes: number;
  readonly volumes: number;
  readonly problems: number;
}

export type CheckSubject = 'segment' | 'object' | 'snapshot' | 'lane' | 'ref' | 'ring' | 'volume';
