import type { Clock } from './clock.js';

/** Work under way, so that a stop can wait for it. */
export class Drain {
  readonly #underWay = new Set<Promise<void>>();

  get size(): number {
    return this.#underWay.size;
  }

  /** Runs `work` and holds it until it ends. What `work` throws goes to the caller. */
  run(work: () => Promise<void>): Promise<void> {
    const promise = work().finally(() => this.#underWay.delete(promise));
    this.#underWay.add(promise);
    return promise;
  }

  /** True when all that is under way ended within `timeoutMs`. */
  async wait(clock: Clock, timeoutMs: number): Promise<boolean> {
    return await endsWithin(clock, timeoutMs, Promise.allSettled(this.#underWay));
  }
}

/** Whether `work` settles within `timeoutMs`; it is not stopped when it doesn't. A rejection counts as an end. */
export async function endsWithin(clock: Clock, timeoutMs: number, work: Promise<unknown>): Promise<boolean> {
  let cancel = () => {};
  const timeout = new Promise<boolean>((resolve) => {
    cancel = clock.after(timeoutMs, () => resolve(false));
  });
  const ended = work.then(
    () => true,
    () => true,
  );
  try {
    return await Promise.race([ended, timeout]);
  } finally {
    cancel();
  }
}
