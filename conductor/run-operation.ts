import type { ClusterStatus } from '../common/db/clusters.js';
import { clusters } from '../common/db/clusters.js';
import type { Query } from '../common/db/database.js';
import { nodeGroups } from '../common/db/node-groups.js';
import { type Operation, operations, type PhaseProgress } from '../common/db/operations.js';
import type { Log } from '../common/log.js';
import { type Reason, reason, reasonSentence } from '../common/reasons.js';
import { diagnoseFailedCreate } from './diagnostics/after-failure.js';
import { explainError } from './explain.js';
import { LeaseLostError, SupersededError } from './lease.js';
import { operationDefinitions } from './operations.js';
import type { OperationDefinition, Phase, PhaseOutcome, Waiting } from './phase.js';
import { openRollback } from './rollback.js';
import type { Work } from './work.js';

const FIRST_BACKOFF_MS = 1000;
const MAX_BACKOFF_MS = 30_000;
/** A phase that fails for a reason of our own is not tried for an hour. */
const MAX_INTERNAL_ATTEMPTS = 8;
/** What someone else must mend is looked at again this often. */
const BLOCKED_LOOK_MS = 15_000;

export interface RunObserver {
  phaseEnded(kind: string, phase: string, durationMs: number): void;
  operationEnded(kind: string, outcome: string, code: string): void;
  leaseLost(): void;
}

/**
 * Takes one operation as far as it goes now: phase after phase until one must wait, is blocked, or
 * fails, or all are done. Always lets the lease go. One that `startsOver` looks at the phases that it
 * has passed as well.
 */
export async function runOperation(work: Work, startsOver: boolean, log: Log, observer: RunObserver): Promise<void> {
  const run = new Run(work, log, observer);
  work.lease.start();
  try {
    await run.toTheEnd(startsOver);
  } catch (error) {
    await run.afterError(error).catch((next: unknown) => run.giveUp(next));
  } finally {
    work.lease.stop();
  }
}

class Run {
  readonly #work: Work;
  readonly #log: Log;
  readonly #observer: RunObserver;
  readonly #definition: OperationDefinition;
  #operation: Operation;

  constructor(work: Work, log: Log, observer: RunObserver) {
    this.#work = work;
    this.#log = log;
    this.#observer = observer;
    this.#operation = work.operation;
    this.#definition = operationDefinitions[work.operation.kind];
  }

  async toTheEnd(startsOver: boolean): Promise<void> {
    const { phases } = this.#definition;
    const reached = phases.findIndex(({ name }) => name === this.#operation.phase);
    // What blocks may be anything that an earlier phase had made, such as the account.
    const looksBack = startsOver || this.#operation.blockedAt !== undefined;
    for (const [index, phase] of phases.entries()) {
      const isPassed = index < reached;
      if (isPassed && !looksBack) continue;
      if (this.#isOverdue()) return this.#fail(this.#overdueReason(phase), {});
      if (!isPassed) await this.#enter(phase);
      const outcome = await phase.run(this.#work);
      if (outcome.kind !== 'done') {
        if (isPassed) await this.#enter(phase);
        return this.#stopAt(outcome);
      }
      if (!isPassed && this.#operation.blockedAt !== undefined) await this.#record(this.#unblocked());
    }
    await this.#succeed();
  }

  /** What was thrown decides: nothing to write, try again, wait for someone, or give up. */
  async afterError(error: unknown): Promise<void> {
    const { lease } = this.#work;
    if (error instanceof LeaseLostError || lease.signal.aborted) {
      this.#observer.leaseLost();
      this.#log.warn({ err: error }, 'Lease lost');
      return;
    }
    if (error instanceof SupersededError) return lease.release();
    const { outcome, reason: why } = explainError(error);
    this.#log.warn({ err: error, outcome, code: why.code }, 'Phase failed');
    if (outcome === 'blocked') return this.#stopAt({ kind: 'blocked', reason: why });
    const hopeless = why.code === 'internal' && this.#operation.attempt >= MAX_INTERNAL_ATTEMPTS;
    if (outcome === 'final' || hopeless) return this.#fail(why, {});
    await this.#wait(
      { kind: 'wait', afterMs: this.#backoffMs(), waitingFor: why.message, reason: why },
      this.#operation.attempt + 1,
    );
  }

  /** Not even the outcome could be written. The lease runs out by itself, and the sweep finds the operation. */
  async giveUp(error: unknown): Promise<void> {
    if (error instanceof SupersededError) return this.#work.lease.release();
    this.#log.warn({ err: error }, 'Operation left to the sweep');
  }

  #backoffMs(): number {
    const full = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(this.#operation.attempt, 10));
    return full * (0.5 + this.#work.deps.ids.random() / 2);
  }

  #isOverdue(): boolean {
    const now = this.#work.now();
    const { blockedAt, deadlineAt } = this.#operation;
    if (blockedAt !== undefined) return now - blockedAt >= this.#work.deps.settings.maxBlockedMs;
    return now >= deadlineAt;
  }

  #overdueReason(phase: Phase): Reason {
    const { waitingFor, onTimeout } = this.#operation.progress.at(-1) ?? {};
    const known = onTimeout ?? this.#operation.reason;
    if (known !== undefined) return known;
    const minutes = Math.round((this.#operation.deadlineAt - this.#operation.createdAt) / 60_000);
    const detail = waitingFor === undefined ? '' : `, waiting for ${waitingFor}`;
    return reason(
      'timeout',
      `the ${this.#operation.kind} did not end within ${minutes} minutes: it was at ${phase.name}${detail}`,
    );
  }

  /** Records the phase, so that it shows and the next run begins there. */
  async #enter(phase: Phase): Promise<void> {
    const now = this.#work.now();
    const last = this.#operation.progress.at(-1);
    if (last?.phase === phase.name && last.finishedAt === undefined) return;
    const ended = this.#operation.progress.map((entry) => ({ ...entry, finishedAt: entry.finishedAt ?? now }));
    if (last !== undefined && last.phase !== phase.name) {
      this.#observer.phaseEnded(this.#operation.kind, last.phase, now - last.startedAt);
    }
    const fresh: PhaseProgress = { phase: phase.name, startedAt: now };
    const progress = [...ended, fresh].slice(-MAX_PROGRESS);
    await this.#record({ phase: phase.name, attempt: 0, progress });
  }

  /** After a block the deadline moves by as long as it stood still. */
  #unblocked(): Partial<Operation> {
    const { blockedAt, deadlineAt } = this.#operation;
    if (blockedAt === undefined) return {};
    return { deadlineAt: deadlineAt + (this.#work.now() - blockedAt), blockedAt: undefined };
  }

  async #record(changes: Partial<Operation>): Promise<void> {
    await this.#work.fenced('record phase', (trx) =>
      operations.update(trx, { uuid: this.#operation.uuid }, { ...changes, updatedAt: this.#work.now() }),
    );
    this.#operation = { ...this.#operation, ...changes };
  }

  async #stopAt(outcome: Exclude<PhaseOutcome, { kind: 'done' }>): Promise<void> {
    if (outcome.kind === 'failed') return this.#fail(outcome.reason, outcome.faults ?? {});
    if (outcome.kind === 'wait') return this.#wait(outcome, 0);
    const { reason: why } = outcome;
    const now = this.#work.now();
    const isNew = this.#operation.blockedAt === undefined;
    await this.#letGo(
      'blocked',
      why,
      {
        dueAt: now + BLOCKED_LOOK_MS,
        blockedAt: this.#operation.blockedAt ?? now,
        reason: why,
      },
      isNew ? { kind: 'operation_blocked', message: reasonSentence(why), details: why } : undefined,
    );
  }

  async #wait(outcome: Waiting, attempt: number): Promise<void> {
    const progress = [...this.#operation.progress];
    const last = progress.pop();
    const { waitingFor, onTimeout } = outcome;
    if (last !== undefined) progress.push({ ...last, waitingFor, onTimeout });
    const dueAt = Math.min(this.#work.now() + outcome.afterMs, this.#operation.deadlineAt);
    await this.#letGo('waiting', outcome.reason, {
      dueAt,
      attempt,
      progress,
      reason: outcome.reason,
      ...this.#unblocked(),
    });
    const { deps, cluster } = this.#work;
    if (outcome.stackNames !== undefined) deps.watches.note(this.#operation, cluster, outcome.stackNames);
  }

  /** Gives the operation back to whoever looks next, with what the user should see meanwhile. */
  async #letGo(
    status: 'waiting' | 'blocked',
    shown: Reason | undefined,
    changes: Partial<Operation>,
    event?: EventText,
  ) {
    const { cluster, lease } = this.#work;
    await this.#work.fenced('let operation go', async (trx) => {
      await operations.update(trx, { uuid: this.#operation.uuid }, { ...changes, status, updatedAt: this.#work.now() });
      if (this.#definition.action !== undefined) {
        const why = shown ?? this.#operation.params.because;
        const statusReason = why === undefined ? undefined : reasonSentence(why);
        await clusters.update(trx, { uuid: cluster.uuid }, { statusReason, reason: why });
      }
      if (event !== undefined) await this.#work.event(trx, event.kind, event.message, { ...event.details });
      await lease.letGo(trx);
    });
    if (changes.dueAt !== undefined) await this.#work.deps.wake(this.#operation.uuid, changes.dueAt);
  }

  async #succeed(): Promise<void> {
    const write = await this.#definition.prepareCompletion(this.#work);
    await this.#end('succeeded', undefined, async (trx) => {
      await this.#writeStatus(trx, 'COMPLETE', this.#operation.params.because, {});
      await this.#work.event(trx, 'operation_succeeded', `The ${this.#operation.kind} has ended well`);
      await write(trx);
    });
  }

  async #fail(why: Reason, faults: Record<string, string>): Promise<void> {
    let rollbackId: string | undefined;
    await this.#end('failed', why, async (trx) => {
      await this.#work.event(trx, 'operation_failed', reasonSentence(why), { ...why });
      rollbackId = await openRollback(this.#work, trx, why);
      if (rollbackId === undefined) await this.#writeStatus(trx, 'FAILED', why, faults);
      await diagnoseFailedCreate(this.#work, trx);
    });
    if (rollbackId !== undefined) await this.#work.deps.wake(rollbackId, this.#work.now());
  }

  async #end(
    status: 'succeeded' | 'failed',
    why: Reason | undefined,
    write: (trx: Query) => Promise<void>,
  ): Promise<void> {
    const now = this.#work.now();
    const progress = this.#operation.progress.map((entry) => ({ ...entry, finishedAt: entry.finishedAt ?? now }));
    await this.#work.fenced('end operation', async (trx) => {
      await operations.update(
        trx,
        { uuid: this.#operation.uuid },
        {
          status,
          reason: why,
          progress,
          openKey: undefined,
          dueAt: undefined,
          blockedAt: undefined,
          finishedAt: now,
          updatedAt: now,
        },
      );
      await this.#work.lease.letGo(trx);
      await write(trx);
    });
    this.#observer.operationEnded(this.#operation.kind, status, why?.code ?? '');
    this.#log.info({ kind: this.#operation.kind, status, code: why?.code }, 'Operation ended');
  }

  async #writeStatus(
    trx: Query,
    outcome: 'COMPLETE' | 'FAILED',
    why: Reason | undefined,
    faults: Record<string, string>,
  ): Promise<void> {
    const { action } = this.#definition;
    if (action === undefined) return;
    const { uuid } = this.#work.cluster;
    const status: ClusterStatus = `${action}_${outcome}`;
    const shown = { statusReason: why === undefined ? undefined : reasonSentence(why), updatedAt: this.#work.now() };
    await clusters.update(trx, { uuid }, { ...shown, status, reason: why, faults });
    for (const begun of GROUP_ACTIONS) {
      // Each brings every group to what is desired: what failed before is well now.
      const left = outcome === 'COMPLETE' ? ['IN_PROGRESS', 'FAILED'] : ['IN_PROGRESS'];
      await nodeGroups
        .rows(trx)
        .where({ cluster_id: uuid })
        .whereIn(
          'status',
          left.map((ending) => `${begun}_${ending}`),
        )
        .update(nodeGroups.toRow({ ...shown, status: `${begun}_${outcome}` }));
    }
  }
}

const MAX_PROGRESS = 100;

/** A group ends what was begun with it, whichever operation does it. */
const GROUP_ACTIONS = ['CREATE', 'UPDATE', 'DELETE', 'ROLLBACK'] as const;

interface EventText {
  kind: string;
  message: string;
  details: Reason;
}
