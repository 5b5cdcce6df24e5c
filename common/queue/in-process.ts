import type { Clock } from '../clock.js';
import { Drain } from '../drain.js';
import { errorText, ServiceError } from '../errors.js';
import type { Log } from '../log.js';
import type { MessageHandler, OperationMessage, Queue } from './queue.js';

export interface InProcessQueueDeps {
  clock: Clock;
  log: Log;
  /** Handlers at the same time. */
  concurrency?: number;
  /** Messages kept; beyond it `publish` rejects. */
  maxQueued?: number;
  maxDeliveries?: number;
  retryDelayMs?: number;
  /** How long `stop` waits for handlers under way. */
  stopTimeoutMs?: number;
}

interface Delivery {
  message: OperationMessage;
  count: number;
}

/** The queue of one process: jobs run here and are gone with it; the sweep finds them after a restart. */
export class InProcessQueue implements Queue {
  readonly #deps: Required<InProcessQueueDeps>;
  readonly #waiting: Delivery[] = [];
  readonly #drain = new Drain();
  #running = 0;
  #retrying = 0;
  #started = false;
  #handler: MessageHandler | undefined;

  constructor(deps: InProcessQueueDeps) {
    this.#deps = {
      concurrency: 20,
      maxQueued: 10_000,
      maxDeliveries: 5,
      retryDelayMs: 1000,
      stopTimeoutMs: 20_000,
      ...deps,
    };
  }

  async start(): Promise<void> {
    this.#started = true;
  }

  async publish(message: OperationMessage): Promise<void> {
    if (!this.#started) throw new ServiceError('unavailable', 'The job queue is not running');
    if (this.#waiting.length + this.#retrying >= this.#deps.maxQueued) {
      throw new ServiceError('unavailable', 'The job queue is full');
    }
    this.#waiting.push({ message, count: 1 });
    this.#dispatch();
  }

  async consume(handler: MessageHandler): Promise<void> {
    this.#handler = handler;
    this.#dispatch();
  }

  isConnected(): boolean {
    return this.#started;
  }

  async stop(): Promise<void> {
    this.#started = false;
    if (!(await this.#drain.wait(this.#deps.clock, this.#deps.stopTimeoutMs))) {
      this.#deps.log.warn({ handlers: this.#drain.size }, 'Job handlers did not end before the stop');
    }
  }

  #dispatch(): void {
    const handler = this.#handler;
    while (handler && this.#started && this.#running < this.#deps.concurrency) {
      const delivery = this.#waiting.shift();
      if (delivery === undefined) return;
      this.#running += 1;
      this.#deps.clock.after(0, () => this.#drain.run(() => this.#deliver(delivery, handler)));
    }
  }

  async #deliver(delivery: Delivery, handler: MessageHandler): Promise<void> {
    try {
      // Taken back by a stop between dispatch and here; nobody waits for it any more.
      if (this.#started) await handler(delivery.message);
    } catch (error) {
      this.#retry(delivery, error);
    } finally {
      this.#running -= 1;
      this.#dispatch();
    }
  }

  #retry(delivery: Delivery, error: unknown): void {
    const { operationId } = delivery.message;
    const details = { operationId, delivery: delivery.count, error: errorText(error) };
    if (delivery.count >= this.#deps.maxDeliveries) {
      this.#deps.log.error(details, 'A job failed too often and was dropped');
      return;
    }
    this.#deps.log.warn(details, 'A job failed and will be tried again');
    this.#retrying += 1;
    this.#deps.clock.after(this.#deps.retryDelayMs, () => {
      this.#retrying -= 1;
      if (!this.#started) return;
      this.#waiting.push({ ...delivery, count: delivery.count + 1 });
      this.#dispatch();
    });
  }
}
