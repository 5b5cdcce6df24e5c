import type { Query } from '../common/db/database.js';
import type { Reason } from '../common/reasons.js';
import type { Work } from './work.js';

/**
 * A step of an operation. It is level-based: it looks at what is there, compares it with what is
 * wanted, and does what is missing. Any phase may be run again after any crash.
 */
export interface Phase {
  readonly name: string;
  run(work: Work): Promise<PhaseOutcome>;
}

export type PhaseOutcome =
  | { kind: 'done' }
  | Waiting
  /** Someone else must act; the deadline stands still. */
  | { kind: 'blocked'; reason: Reason }
  | { kind: 'failed'; reason: Reason; faults?: Record<string, string> };

/** Look again later. */
export interface Waiting {
  kind: 'wait';
  afterMs: number;
  waitingFor: string;
  /** Names of stacks; nothing can be done before one of them is no longer in progress. */
  stackNames?: string[] | undefined;
  /** Shows meanwhile, and is the failure's when the deadline passes, unless `onTimeout` is another. */
  reason?: Reason;
  onTimeout?: Reason;
}

export const done: PhaseOutcome = { kind: 'done' };

/** An operation is its list of phases, and what is written when the last one is done. */
export interface OperationDefinition {
  readonly phases: readonly Phase[];
  /** Begins the cluster's status while it runs and when it ended: `CREATE_COMPLETE`. Undefined: it shows in no status. */
  readonly action: 'CREATE' | 'UPDATE' | 'DELETE' | 'ROLLBACK' | undefined;
  /** Reads what the end needs; what it returns is written in the transaction that ends the operation. */
  prepareCompletion(work: Work): Promise<(trx: Query) => Promise<void>>;
}
