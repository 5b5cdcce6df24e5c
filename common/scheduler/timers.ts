import type { Cancel, Clock } from '../clock.js';
import { Drain } from '../drain.js';
import { errorText, ServiceError } from '../errors.js';
import type { Log } from '../log.js';
import type { Scheduler } from './scheduler.js';

export interface TimerSchedulerDeps {
  clock: Clock;
  log: Log;
  /** Reminders kept; beyond it `wakeAt` rejects. */
  maxWakes?: number;
  /** How long `stop` waits for handlers under way. */
  stopTimeoutMs?: number;
}

type WakeHandler = (operationId: string) => Promise<void>;

/** Node's timers run at once beyond 2^31 ms; a longer wait is taken in pieces. */
const LONGEST_WAIT_MS = 24 * 3_600_000;

/** Reminders in this process, gone with it; the sweep finds what is due. Of an operation's the earliest stays. */
export class TimerScheduler implements Scheduler {
  readonly #deps: Required<TimerSchedulerDeps>;
  readonly #wakes = new Map<string, { atMs: number; cancel: Cancel }>();
  readonly #drain = new Drain();
  #handler: WakeHandler | undefined;
  #started = false;

  constructor(deps: TimerSchedulerDeps) {
    this.#deps = { maxWakes: 100_000, stopTimeoutMs: 20_000, ...deps };
  }

  async start(): Promise<void> {
    this.#started = true;
  }

  async wakeAt(operationId: string, atMs: number): Promise<void> {
    if (!this.#started) throw new ServiceError('unavailable', 'The scheduler is not running');
    const present = this.#wakes.get(operationId);
    if (present && present.atMs <= atMs) return;
    if (!present && this.#wakes.size >= this.#deps.maxWakes) {
      throw new ServiceError('unavailable', 'The scheduler holds too many reminders');
    }
    present?.cancel();
    this.#arm(operationId, atMs);
  }

  onWake(handler: WakeHandler): void {
    this.#handler = handler;
  }

  isConnected(): boolean {
    return this.#started;
  }

  async stop(): Promise<void> {
    this.#started = false;
    for (const { cancel } of this.#wakes.values()) cancel();
    this.#wakes.clear();
    if (!(await this.#drain.wait(this.#deps.clock, this.#deps.stopTimeoutMs))) {
      this.#deps.log.warn({ handlers: this.#drain.size }, 'Wake handlers did not end before the stop');
    }
  }

  #arm(operationId: string, atMs: number): void {
    const { clock } = this.#deps;
    const cancel = clock.after(Math.min(atMs - clock.now(), LONGEST_WAIT_MS), async () => {
      if (clock.now() < atMs) {
        this.#arm(operationId, atMs);
        return;
      }
      this.#wakes.delete(operationId);
      await this.#drain.run(() => this.#wake(operationId));
    });
    this.#wakes.set(operationId, { atMs, cancel });
  }

  async #wake(operationId: string): Promise<void> {
    try {
      await this.#handler?.(operationId);
    } catch (error) {
      this.#deps.log.warn({ operationId, error: errorText(error) }, 'Waking an operation failed; the sweep finds it');
    }
  }
}
