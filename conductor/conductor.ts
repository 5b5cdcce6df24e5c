import { type Cancel, type Clock, repeat } from '../common/clock.js';
import { templateOfCluster } from '../common/db/cluster-templates.js';
import { reportConductor } from '../common/db/conductors.js';
import type { Database } from '../common/db/database.js';
import { findOpenOperation, listDueOperations, operations } from '../common/db/operations.js';
import { isServiceError } from '../common/errors.js';
import type { Log } from '../common/log.js';
import type { Queue } from '../common/queue/queue.js';
import { withContext } from '../common/request-context.js';
import type { Scheduler } from '../common/scheduler/scheduler.js';
import type { DriverRegistry } from '../drivers/registry.js';
import { beginCredentialRenewals } from './credential/renewal.js';
import { lookAtDiagnostics, removeExpiredDiagnostics } from './diagnostics/diagnostics.js';
import { refreshHealth } from './health.js';
import { removeHistory } from './history.js';
import { type Claim, claimOperation, type LeaseDeps } from './lease.js';
import { checkReenrolments } from './reenrolment/reenrolments.js';
import { beginRenewals } from './registry/renewal.js';
import { type RunObserver, runOperation } from './run-operation.js';
import { checkTombstones } from './tombstones.js';
import { Work, type WorkDeps } from './work.js';

export interface ConductorDeps {
  work: WorkDeps;
  db: Database;
  clock: Clock;
  log: Log;
  queue: Queue;
  scheduler: Scheduler;
  drivers: DriverRegistry;
  observer: RunObserver & SweepObserver;
}

export interface SweepObserver {
  /** Operations that were due and that nobody had been told about, or had taken. */
  swept(found: number): void;
}

export interface ConductorSettings {
  /** Shown in the list of services. */
  host: string;
  /** Names this process in leases; new at every start. */
  owner: string;
  leaseMs: number;
  sweepMs: number;
  concurrency: number;
}

const REPORT_MS = 20_000;
const HEALTH_MS = 10_000;
const DIAGNOSTICS_MS = 5000;
const HOUSEKEEPING_MS = 60_000;
const REENROLMENT_MS = 10_000;
const RENEWAL_MS = 600_000;
/** How long a stop waits for the operations in hand. They would be taken over anyway. */
const STOP_LIMIT_MS = 25_000;
/** Beyond it all are forgotten, and looked at from the start once more. */
const MAX_KNOWN = 10_000;

/**
 * Works on operations that are due: told by the queue, woken by the scheduler, found by the sweep.
 * Any number of conductors may run; a lease per cluster keeps them apart.
 */
export class Conductor {
  readonly #deps: ConductorDeps;
  readonly #settings: ConductorSettings;
  readonly #lease: LeaseDeps;
  /** Operations that this process is looking at. */
  readonly #inHand = new Map<string, Promise<void>>();
  /** Operations that this process has looked at from the first phase on. */
  readonly #known = new Set<string>();
  #repeats: Cancel[] = [];
  #stopping = false;
  /** Somebody came while all hands were full. */
  #turnedAway = false;

  constructor(deps: ConductorDeps, settings: ConductorSettings) {
    this.#deps = deps;
    this.#settings = settings;
    this.#lease = { db: deps.db, clock: deps.clock, owner: settings.owner, leaseMs: settings.leaseMs };
  }

  async start(): Promise<void> {
    const { clock, queue, scheduler, db } = this.#deps;
    await this.#report();
    scheduler.onWake((operationId) => this.look(operationId));
    await queue.consume(({ operationId, requestId }) =>
      withContext(requestId === undefined ? {} : { requestId }, () => this.look(operationId)),
    );
    const every = (ms: number, name: string, task: () => Promise<unknown>) =>
      repeat(
        clock,
        ms,
        async () => void (await task()),
        (error) => this.#deps.log.warn({ err: error, task: name }, 'Periodic task failed'),
      );
    this.#repeats = [
      every(this.#settings.sweepMs, 'sweep', () => this.sweep()),
      every(REPORT_MS, 'report', () => this.#report()),
      every(HEALTH_MS, 'health', () =>
        refreshHealth({ db, clock, drivers: this.#deps.drivers, heartbeatMs: this.#deps.work.settings.heartbeatMs }),
      ),
      every(REENROLMENT_MS, 're-enrolments', () => checkReenrolments(this.#deps.work, this.#deps.log)),
      every(HOUSEKEEPING_MS, 'tombstones', () => checkTombstones(this.#deps.work, this.#deps.log)),
      every(DIAGNOSTICS_MS, 'diagnostics', () => lookAtDiagnostics(this.#deps.work, this.#deps.log)),
      every(HOUSEKEEPING_MS, 'expired diagnostics', () => removeExpiredDiagnostics(this.#deps.work)),
      every(RENEWAL_MS, 'registry logins', () =>
        beginRenewals({ ...this.#deps.work, loginMs: this.#deps.work.settings.registry.loginMs }),
      ),
      every(RENEWAL_MS, 'cloud credentials', () =>
        beginCredentialRenewals(this.#deps.work, this.#deps.work.settings.credential.lifeMs),
      ),
      every(HOUSEKEEPING_MS, 'history', () => removeHistory(db, clock.now() - this.#deps.work.settings.historyMs)),
    ];
  }

  /** Takes no more work, and waits for what is in hand. */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (const cancel of this.#repeats) cancel();
    const limit = new AbortController();
    await Promise.race([
      Promise.allSettled(this.#inHand.values()),
      this.#deps.clock.sleep(STOP_LIMIT_MS, limit.signal),
    ]);
    limit.abort();
  }

  /** Finds what nobody was told about. As many as there are free hands. */
  async sweep(): Promise<number> {
    const free = this.#settings.concurrency - this.#inHand.size;
    if (free <= 0) return 0;
    const now = this.#deps.clock.now();
    const due = await this.#deps.db.read('due operations', (query) => listDueOperations(query, now, free));
    this.#deps.observer.swept(due.length);
    // As many as were asked for: there may be more.
    this.#turnedAway ||= due.length === free;
    // Each on its own: a slow one must not keep the next sweep waiting.
    for (const operationId of due) this.#deps.clock.after(0, () => this.look(operationId));
    return due.length;
  }

  /**
   * Looks at one operation, if it is due and free. Never rejects: what goes wrong here, the sweep finds. One
   * that is in hand already needs no second word.
   */
  look(operationId: string): Promise<void> {
    if (this.#stopping || this.#inHand.has(operationId)) return Promise.resolve();
    if (this.#inHand.size >= this.#settings.concurrency) {
      this.#turnedAway = true;
      return Promise.resolve();
    }
    const looking = this.#lookNow(operationId).finally(() => this.#putDown(operationId));
    this.#inHand.set(operationId, looking);
    return looking;
  }

  /** Who was turned away need not wait for the next sweep. */
  #putDown(operationId: string): void {
    this.#inHand.delete(operationId);
    if (!this.#turnedAway || this.#inHand.size > this.#settings.concurrency / 2) return;
    this.#turnedAway = false;
    this.#deps.clock.after(0, async () => void (await this.sweep().catch(() => 0)));
  }

  async #lookNow(operationId: string): Promise<void> {
    try {
      if (await this.#deps.work.watches.putOff(operationId)) return;
      const claim = await claimOperation(this.#lease, operationId);
      if (claim === undefined) return;
      const { requestId, projectId, clusterId } = claim.operation;
      const context = { projectId, clusterId, operationId, ...(requestId === undefined ? {} : { requestId }) };
      await withContext(context, () => this.#run(claim));
      await this.#lookAtSuccessor(claim);
    } catch (error) {
      const expected = isServiceError(error, 'unavailable');
      this.#deps.log[expected ? 'warn' : 'error']({ err: error, operationId }, 'Operation could not be looked at');
    }
  }

  async #run(claim: Claim): Promise<void> {
    const { work: deps, drivers, log, observer, db } = this.#deps;
    const driver = drivers.find(claim.cluster.driver);
    if (driver === undefined) throw new Error(`No driver "${claim.cluster.driver}" is enabled`);
    const template = await db.read('template', (query) => templateOfCluster(query, claim.cluster));
    const work = new Work(deps, { ...claim, template, driver });
    await runOperation(work, claim.tookOver || this.#isNew(claim.operation.uuid), log, observer);
  }

  /** What another process has seen of an operation may be gone since; once per process everything is looked at. */
  #isNew(operationId: string): boolean {
    const isNew = !this.#known.has(operationId);
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    this.#known.add(operationId);
    return isNew;
  }

  /** An operation that was superseded in our hands made way for another, which need not wait for the sweep. */
  async #lookAtSuccessor(claim: Claim): Promise<void> {
    const next = await this.#deps.db.read('successor', async (query) => {
      const own = await operations.find(query, { uuid: claim.operation.uuid });
      return own?.status === 'superseded' ? findOpenOperation(query, claim.cluster.uuid) : undefined;
    });
    if (next !== undefined) await this.look(next.uuid);
  }

  async #report(): Promise<void> {
    const { db, clock } = this.#deps;
    await db.transaction('report conductor', (trx) => reportConductor(trx, this.#settings.host, clock.now()));
  }
}
