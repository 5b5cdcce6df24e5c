import type { Clock } from '../../common/clock.js';
import type { Cluster } from '../../common/db/clusters.js';
import type { Database } from '../../common/db/database.js';
import { type Operation, operations } from '../../common/db/operations.js';
import type { Accounts } from '../accounts.js';
import type { StackObserver } from './stack-observer.js';

/**
 * Operations per second, over all, that are looked into while Heat shows nothing new: each asks for a stack's resources
 * and events, where a failure stands before Heat gives the stack up. So up to a hundred in progress tell of it within
 * 5 s; of more, when their turn comes or the stack fails, whichever is first.
 */
const LOOKS_PER_SECOND = 20;
/** Beyond it the oldest goes, and is looked into when it is due: another process may have ended its operation. */
const MAX_WATCHED = 10_000;

interface Deps {
  db: Database;
  clock: Clock;
  accounts: Pick<Accounts, 'of'>;
  stacks: Pick<StackObserver, 'look'>;
  wake: (operationId: string, atMs: number) => Promise<void>;
}

interface Watched {
  cluster: Cluster;
  stackNames: string[];
  deadlineAt: number;
}

interface Batch {
  operationIds: string[];
  written: Promise<boolean>;
}

/**
 * Operations of this process that wait for nothing but stacks. While the list of the project's stacks, one call for all
 * of them, says that they are in progress there is nothing to do: the operation is put off without a lease. Whoever is
 * not put off is looked at as ever; who was passed over is due before those that were, so all have their turn.
 */
export class StackWatches {
  readonly #deps: Deps;
  readonly #settings: { pollMs: number; callTimeoutMs: number };
  readonly #watched = new Map<string, Watched>();
  #batch: Batch | undefined;
  #writing: Promise<unknown> = Promise.resolve();
  #looksLeft = LOOKS_PER_SECOND;
  #countedAt: number;

  constructor(deps: Deps, settings: { pollMs: number; callTimeoutMs: number }) {
    this.#deps = deps;
    this.#settings = settings;
    this.#countedAt = deps.clock.now();
  }

  /** The operation was let go and waits for these stacks, by name, and for nothing else. */
  note({ uuid, deadlineAt }: Operation, cluster: Cluster, stackNames: string[]): void {
    this.#keep(uuid, { cluster, stackNames, deadlineAt });
  }

  /** Whether the operation need not be looked at now. It touches only one that waits, is due, and is in no hand. */
  async putOff(operationId: string): Promise<boolean> {
    const watched = this.#watched.get(operationId);
    this.#watched.delete(operationId);
    const now = this.#deps.clock.now();
    const { pollMs } = this.#settings;
    if (watched === undefined || now + pollMs > watched.deadlineAt || this.#mayLookInto(now)) return false;
    if (!(await this.#isInProgress(watched)) || !(await this.#postpone(operationId))) return false;
    this.#keep(operationId, watched);
    await this.#deps.wake(operationId, this.#deps.clock.now() + pollMs);
    return true;
  }

  #keep(operationId: string, watched: Watched): void {
    this.#watched.set(operationId, watched);
    const oldest = this.#watched.keys().next();
    if (this.#watched.size > MAX_WATCHED && !oldest.done) this.#watched.delete(oldest.value);
  }

  /** One write for all that come while the one before is under way. */
  #postpone(operationId: string): Promise<boolean> {
    this.#batch ??= this.#beginBatch();
    this.#batch.operationIds.push(operationId);
    return this.#batch.written;
  }

  #beginBatch(): Batch {
    const operationIds: string[] = [];
    const written = this.#writing.then(() => {
      this.#batch = undefined;
      return this.#write(operationIds);
    });
    this.#writing = written.catch(() => {});
    return { operationIds, written };
  }

  /** False when one of them is no more as it was left: a look under the lease tells which, or the sweep finds them. */
  async #write(operationIds: readonly string[]): Promise<boolean> {
    const now = this.#deps.clock.now();
    const moved = await this.#deps.db.transaction('put operations off', (trx) =>
      operations
        .rows(trx)
        .whereIn('uuid', operationIds)
        .where({ status: 'waiting' })
        .where('due_at', '<=', now)
        .update({ due_at: now + this.#settings.pollMs }),
    );
    return moved === operationIds.length;
  }

  #mayLookInto(now: number): boolean {
    const regained = ((now - this.#countedAt) * LOOKS_PER_SECOND) / 1000;
    this.#looksLeft = Math.min(LOOKS_PER_SECOND, this.#looksLeft + regained);
    this.#countedAt = now;
    if (this.#looksLeft < 1) return false;
    this.#looksLeft -= 1;
    return true;
  }

  async #isInProgress({ cluster, stackNames }: Watched): Promise<boolean> {
    const { accounts, stacks } = this.#deps;
    const ctx = { timeoutMs: this.#settings.callTimeoutMs };
    try {
      const access = { session: await accounts.of(cluster) };
      const look = (name: string) => stacks.look(access, ctx, cluster.projectId, name);
      const seen = await Promise.all(stackNames.map(look));
      return seen.every((stack) => stack?.status === 'IN_PROGRESS');
    } catch {
      // The look under a lease meets the same, and says what it is.
      return false;
    }
  }
}
