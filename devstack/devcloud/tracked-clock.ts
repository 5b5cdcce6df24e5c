import type { Cancel, Clock } from '../../common/clock.js';

/** A clock that forgets all that was asked of it when its cloud is stopped. */
export class TrackedClock implements Clock {
  readonly #clock: Clock;
  readonly #stopped = new AbortController();
  readonly #cancels = new Set<Cancel>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  after(delayMs: number, task: () => Promise<void> | void): Cancel {
    if (this.#stopped.signal.aborted) return () => {};
    const stop = this.#clock.after(delayMs, () => {
      this.#cancels.delete(cancel);
      return task();
    });
    const cancel: Cancel = () => {
      this.#cancels.delete(cancel);
      stop();
    };
    this.#cancels.add(cancel);
    return cancel;
  }

  async sleep(delayMs: number): Promise<void> {
    if (delayMs > 0) await this.#clock.sleep(delayMs, this.#stopped.signal);
  }

  stop(): void {
    this.#stopped.abort();
    for (const cancel of [...this.#cancels]) cancel();
  }
}
