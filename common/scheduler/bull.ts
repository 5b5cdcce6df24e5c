import Bull from 'bull';
import type { Clock } from '../clock.js';
import { Drain, endsWithin } from '../drain.js';
import { errorText, ServiceError } from '../errors.js';
import type { Log } from '../log.js';
import type { Scheduler } from './scheduler.js';

export interface BullSchedulerDeps {
  /** `redis://[[user]:password@]host:port/database`, or `rediss://` for TLS. */
  url: string;
  clock: Clock;
  log: Log;
  /** Schedulers of the same name share their reminders. */
  name?: string;
  /** Handlers at the same time in this process. */
  concurrency?: number;
  /** How long `stop` waits for handlers under way. */
  stopTimeoutMs?: number;
}

type WakeHandler = (operationId: string) => Promise<void>;
interface WakeJob {
  operationId: string;
}

const JOB_NAME = 'wake';
const CALL_TIMEOUT_MS = 2000;
const CLOSE_TIMEOUT_MS = 5000;
const ATTEMPTS = 3;

/**
 * Reminders as delayed jobs of Bull, woken in one of the processes that share Redis. Redis may go away or
 * lose everything at any time: Bull's clients reconnect for ever behind us, and the sweep finds what is due.
 */
export class BullScheduler implements Scheduler {
  readonly #deps: Required<BullSchedulerDeps>;
  readonly #drain = new Drain();
  #queue: Bull.Queue<WakeJob> | undefined;
  #handler: WakeHandler | undefined;
  #stopping = false;

  constructor(deps: BullSchedulerDeps) {
    this.#deps = { name: 'operations', concurrency: 20, stopTimeoutMs: 20_000, ...deps };
  }

  async start(): Promise<void> {
    const { url, name, log, clock } = this.#deps;
    this.#stopping = false;
    const queue = new Bull<WakeJob>(name, url, {
      prefix: 'bayou',
      redis: {
        connectTimeout: CALL_TIMEOUT_MS,
        // A command fails with its connection; who sent it knows best whether to try again.
        maxRetriesPerRequest: 0,
        // ioredis leaves this timer behind when the connection was gone already.
        disconnectTimeout: 200,
        // Ended at the stop, or clients that wait for Redis would outlive it.
        retryStrategy: (attempt) => (this.#stopping ? null : Math.min(200 * attempt, 2000)),
        ...(url.startsWith('rediss:') ? { tls: {} } : {}),
      },
      // No repeated look for stalled jobs: its timer outlives a close without Redis, and the sweep finds them.
      settings: { retryProcessDelay: 1000, guardInterval: 1000, stalledInterval: 0 },
    });
    this.#queue = queue;
    queue.on('error', (error) => log.warn({ error: errorText(error) }, 'Redis reported an error'));
    // Of a job whose record was lost Bull knows nothing but the failure.
    queue.on('failed', (job: Bull.Job<WakeJob> | null, error) =>
      log.warn({ operationId: job?.data.operationId, error: errorText(error) }, 'Waking an operation failed'),
    );
    catchWorkerName(queue, log);
    // At its start Bull looks for stalled jobs once all the same, with an interval that Redis refuses.
    Object.assign(queue, { moveUnlockedJobsToWait: () => Promise.resolve() });
    if (this.#handler) this.#process(queue, this.#handler);
    await endsWithin(clock, CALL_TIMEOUT_MS, firstAnswer(queue));
  }

  async wakeAt(operationId: string, atMs: number): Promise<void> {
    const queue = this.#queue;
    // Asked first, because ioredis would keep the command until Redis is back.
    if (queue?.client.status !== 'ready') throw new ServiceError('unavailable', 'There is no connection to Redis');
    const { clock } = this.#deps;
    let failure: unknown;
    const added = queue
      .add(
        JOB_NAME,
        { operationId },
        {
          jobId: `${operationId}_${atMs}`,
          delay: Math.max(0, atMs - clock.now()),
          attempts: ATTEMPTS,
          backoff: { type: 'fixed', delay: 1000 },
          removeOnComplete: true,
          removeOnFail: true,
        },
      )
      .catch((error: unknown) => {
        failure = error;
      });
    const inTime = await endsWithin(clock, CALL_TIMEOUT_MS, added);
    if (!inTime || failure !== undefined) {
      throw new ServiceError('unavailable', 'Redis did not take a reminder', { cause: failure });
    }
  }

  onWake(handler: WakeHandler): void {
    this.#handler = handler;
    if (this.#queue) this.#process(this.#queue, handler);
  }

  isConnected(): boolean {
    return this.#queue?.client.status === 'ready';
  }

  async stop(): Promise<void> {
    const { clock, log, stopTimeoutMs } = this.#deps;
    const queue = this.#queue;
    if (queue === undefined) return;
    this.#queue = undefined;
    this.#stopping = true;
    // Not left to Bull's close: while Redis is down that rejects unheard, or waits for ever for commands that
    // ioredis forgot. Bull is told to wait for nothing, and we wait for the handlers.
    await endsWithin(clock, CLOSE_TIMEOUT_MS, queue.pause(true, true));
    if (!(await this.#drain.wait(clock, stopTimeoutMs))) {
      log.warn({ handlers: this.#drain.size }, 'Wake handlers did not end before the stop');
    }
    await endsWithin(clock, CLOSE_TIMEOUT_MS, queue.close(true));
    for (const client of queue.clients) if (client.status !== 'end') client.disconnect();
  }

  #process(queue: Bull.Queue<WakeJob>, handler: WakeHandler): void {
    const wake: Bull.ProcessPromiseFunction<WakeJob> = (job) => this.#drain.run(() => handler(job.data.operationId));
    // Waits for Redis as long as it takes, and rejects only when the queue is closed meanwhile.
    queue
      .process(JOB_NAME, this.#deps.concurrency, wake)
      .catch((error: unknown) => this.#deps.log.debug({ error: errorText(error) }, 'Wake processing ended'));
  }
}

/** Bull names its connection without listening to the outcome; a failure there would end the process. */
function catchWorkerName(queue: Bull.Queue<WakeJob>, log: Log): void {
  const setWorkerName = queue.setWorkerName.bind(queue);
  queue.setWorkerName = () =>
    setWorkerName().catch((error: unknown) => log.debug({ error: errorText(error) }, 'The Redis client has no name'));
}

function firstAnswer(queue: Bull.Queue<WakeJob>): Promise<void> {
  return new Promise((resolve) => {
    if (queue.client.status === 'ready') resolve();
    queue.client.once('ready', () => resolve());
    queue.client.once('error', () => resolve());
  });
}
