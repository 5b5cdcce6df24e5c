import type { Clock } from '../common/clock.js';

/** `work`'s outcome, or what `onTimeout` throws when it takes longer. The work itself goes on: pass it a signal to end it. */
export function withDeadline<T>(clock: Clock, timeoutMs: number, work: Promise<T>, onTimeout: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(timeoutMs, () => reject(onTimeout()));
    work.finally(cancel).then(resolve, reject);
  });
}
