/**
 * Time as a dependency. Nothing outside this file reads the machine's clock or sets a timer,
 * so a test can let hours pass in milliseconds and every run of a seed is the same.
 */

/** Takes a scheduled task back; harmless after it ran. */
export type Cancel = () => void;

export interface Clock {
  /** Milliseconds since the epoch. Every stored time is in this unit. */
  now(): number;
  /** Runs `task` once, `delayMs` from now. The task must not reject: nobody would hear it. */
  after(delayMs: number, task: () => Promise<void> | void): Cancel;
  /** Resolves `delayMs` from now, or at once when `signal` aborts. Never rejects. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, task) {
    const timer = setTimeout(() => void task(), Math.max(0, delayMs));
    return () => clearTimeout(timer);
  },
  sleep(delayMs, signal) {
    return new Promise((resolve) => {
      if (signal?.aborted) {
        resolve();
        return;
      }
      const finish = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', finish);
        resolve();
      };
      const timer = setTimeout(finish, Math.max(0, delayMs));
      signal?.addEventListener('abort', finish);
    });
  },
};

/**
 * Runs `task` again and again, `intervalMs` after the previous run ended, so runs never overlap.
 * A failure goes to `onError` and does not end the repetition.
 */
export function repeat(
  clock: Clock,
  intervalMs: number,
  task: () => Promise<void>,
  onError: (error: unknown) => void,
): Cancel {
  let stopped = false;
  let cancel: Cancel = () => {};
  const run = async (): Promise<void> => {
    try {
      await task();
    } catch (error) {
      onError(error);
    }
    if (!stopped) cancel = clock.after(intervalMs, run);
  };
  cancel = clock.after(intervalMs, run);
  return () => {
    stopped = true;
    cancel();
  };
}
