import type { Cancel, Clock } from '../common/clock.js';
import { type Cluster, clusters } from '../common/db/clusters.js';
import type { Database, Query } from '../common/db/database.js';
import { type Operation, operations } from '../common/db/operations.js';

/**
 * One hand on a cluster. Who works on an operation holds the cluster's lease: an owner, an end, and a
 * fence number that goes up with every holder. Every write names the fence, so whoever was frozen past
 * its lease and let go again can't write any more.
 */

/** Another conductor holds the cluster now: drop everything, write nothing. */
export class LeaseLostError extends Error {
  constructor(clusterId: string) {
    super(`The lease on cluster ${clusterId} was lost`);
    this.name = 'LeaseLostError';
  }
}

/** A newer operation took this one's place: let go of the lease so that it can begin. */
export class SupersededError extends Error {
  constructor(operationId: string) {
    super(`Operation ${operationId} is no longer open`);
    this.name = 'SupersededError';
  }
}

export interface LeaseDeps {
  db: Database;
  clock: Clock;
  /** Names this process; new at every start. */
  owner: string;
  leaseMs: number;
}

export interface Claim {
  operation: Operation;
  cluster: Cluster;
  lease: Lease;
  /** The holder before died, or was frozen: whatever it recorded, look at everything again. */
  tookOver: boolean;
}

/** Takes a due operation and its cluster's lease; undefined when there is nothing to take. */
export async function claimOperation(deps: LeaseDeps, operationId: string): Promise<Claim | undefined> {
  const { db, clock, owner, leaseMs } = deps;
  return db.transaction('claim operation', async (trx) => {
    const now = clock.now();
    const found = await operations.find(trx, { uuid: operationId });
    if (found === undefined || !isDue(found, now)) return undefined;
    const ofCluster = { uuid: found.clusterId };
    await clusters.rows(trx).where(ofCluster).forUpdate().first('id');
    // Whoever held the cluster may have let go just now: only what is read under the lock is how it was left.
    const operation = await operations.find(trx, { uuid: operationId });
    if (operation === undefined || !isDue(operation, now)) return undefined;
    const expiresAt = now + leaseMs;
    const taken = await clusters
      .rows(trx)
      .where(ofCluster)
      .where((free) => free.whereNull('lease_owner').orWhere('lease_expires_at', '<=', now))
      .update({ lease_owner: owner, lease_expires_at: expiresAt, fence: trx.raw('fence + 1') });
    if (taken !== 1) return undefined;
    const running = { status: 'running', startedAt: operation.startedAt ?? now, updatedAt: now } as const;
    await operations.update(trx, { uuid: operationId }, running);
    const cluster = await clusters.find(trx, ofCluster);
    if (cluster === undefined) return undefined;
    return {
      operation,
      cluster,
      lease: new Lease(deps, cluster, operation.uuid, expiresAt),
      tookOver: operation.status === 'running',
    };
  });
}

function isDue({ openKey, dueAt }: Operation, now: number): boolean {
  return openKey !== undefined && (dueAt ?? 0) <= now;
}

/** What outgoing calls get: ends with the lease, and no call may take longer than what is left of it. */
export interface LeaseContext {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

/** Time kept between the end of the longest call and the end of the lease. */
const MARGIN_MS = 1000;

export class Lease {
  readonly #deps: LeaseDeps;
  readonly #clusterId: string;
  readonly #operationId: string;
  readonly #fence: number;
  readonly #abort = new AbortController();
  #expiresAt: number;
  #cancel: Cancel = () => {};
  #stopped = false;

  constructor(deps: LeaseDeps, cluster: Cluster, operationId: string, expiresAt: number) {
    this.#deps = deps;
    this.#clusterId = cluster.uuid;
    this.#operationId = operationId;
    this.#fence = cluster.fence;
    this.#expiresAt = expiresAt;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Milliseconds that a call may take now; never negative. */
  get remainingMs(): number {
    return Math.max(0, this.#expiresAt - this.#deps.clock.now() - MARGIN_MS);
  }

  /** Keeps the lease until `stop`: renewed three times in its length. */
  start(): void {
    // A renewal that was under way when the work ended must not keep the lease from running out.
    if (this.#stopped) return;
    this.#cancel = this.#deps.clock.after(this.#deps.leaseMs / 3, () => this.#renew());
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  async #renew(): Promise<void> {
    try {
      const expiresAt = this.#deps.clock.now() + this.#deps.leaseMs;
      const held = await this.#deps.db.transaction('renew lease', (trx) =>
        this.#ours(trx).update({ lease_expires_at: expiresAt }),
      );
      if (held !== 1) {
        this.#abort.abort(new LeaseLostError(this.#clusterId));
        return;
      }
      this.#expiresAt = expiresAt;
    } catch (error) {
      // The database is away: go on while the lease lasts, then stop.
      if (this.remainingMs === 0) {
        this.#abort.abort(error);
        return;
      }
    }
    this.start();
  }

  /** A transaction that fails unless the lease is still held and the operation still open. */
  fenced<T>(name: string, work: (trx: Query) => Promise<T>): Promise<T> {
    return this.#deps.db.transaction(name, async (trx) => {
      if ((await this.#ours(trx).increment('lease_writes', 1)) !== 1) throw new LeaseLostError(this.#clusterId);
      const open = await operations.rows(trx).where({ uuid: this.#operationId }).whereNotNull('open_key').first('id');
      if (open === undefined) throw new SupersededError(this.#operationId);
      return work(trx);
    });
  }

  /** Lets go, whatever became of the operation. A lease that was lost stays the other's. */
  async release(): Promise<void> {
    this.stop();
    await this.#deps.db.transaction('release lease', (trx) => this.letGo(trx));
  }

  /** The same within a transaction that writes the outcome. */
  async letGo(trx: Query): Promise<void> {
    await this.#ours(trx).update({ lease_owner: null, lease_expires_at: null });
  }

  #ours(trx: Query) {
    return clusters.rows(trx).where({ uuid: this.#clusterId, fence: this.#fence, lease_owner: this.#deps.owner });
  }
}
