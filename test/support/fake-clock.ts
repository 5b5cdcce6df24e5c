import { AsyncLocalStorage } from 'node:async_hooks';
import type { Cancel, Clock } from '../../common/clock.js';

/**
 * Time that moves only when a test says so. Timers run in order of (time, order of making), one by one:
 * the next one starts when nothing is busy any more.
 *
 * A task is busy from its start until its promise settles, except while it sleeps on this clock, for then
 * only time can wake it. Real I/O inside a task, such as a request to a local server, is waited for; when
 * the server's handler sleeps on this clock on the task's behalf, time moves too.
 */
export class FakeClock implements Clock {
  readonly #stallMs: number;
  readonly #tasks = new Set<Task>();
  readonly #sleepers = new Set<Sleeper>();
  readonly #failures: unknown[] = [];
  #timers: Timer[] = [];
  #now: number;
  #sequence = 0;
  #moving = false;
  #onChange: () => void = () => {};

  /** `stallMs` is the real time that busy tasks may take without any sign of life. */
  constructor(options: { startAt?: number; stallMs?: number } = {}) {
    this.#now = options.startAt ?? Date.UTC(2030, 0, 1);
    this.#stallMs = options.stallMs ?? 10_000;
  }

  now(): number {
    return this.#now;
  }

  after(delayMs: number, task: () => Promise<void> | void): Cancel {
    return this.#after(delayMs, task, undefined);
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return this.#sleep(delayMs, signal, undefined);
  }

  /** Timers that have not run, sleepers included. */
  pending(): number {
    return this.#timers.length;
  }

  /** Lets `ms` pass and runs all that falls due meanwhile. Throws what a task threw. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    await this.#moveTime(async () => {
      await this.#settle();
      for (let runs = 0; this.#nextAt() <= until; runs++) {
        this.#checkRunaway(runs);
        await this.#runNext();
      }
      this.#now = until;
    });
  }

  /** Goes from timer to timer until `condition` holds. Fails when `limitMs` of fake time would not be enough. */
  async runUntil(condition: () => boolean | Promise<boolean>, options: { limitMs: number }): Promise<void> {
    const until = this.#now + options.limitMs;
    await this.#moveTime(async () => {
      const holds = async () => {
        await this.#settle();
        return await condition();
      };
      let idleSince: number | undefined;
      for (let runs = 0; !(await holds()); runs++) {
        this.#checkRunaway(runs);
        // The condition may have taken real time, or hang on real I/O that no task waits for.
        await this.#settle();
        if (this.#timers.length === 0) {
          idleSince ??= performance.now();
          if (performance.now() - idleSince > this.#stallMs / 10) throw this.#error('no timer is left and');
          await realDelay(5);
        } else {
          idleSince = undefined;
          if (this.#nextAt() > until) throw this.#error(`${options.limitMs} ms were not enough:`);
          await this.#runNext();
        }
      }
    });
  }

  /**
   * A clock for one simulated process: the same time, and `kill()` ends all that was started by it as
   * `kill -9` would: its timers never run, its sleepers never wake, nobody waits for its tasks.
   */
  fork(): ForkedClock {
    const owner: Owner = { dead: false, frozen: false };
    return {
      now: () => this.#now,
      after: (delayMs, task) => this.#after(delayMs, task, owner),
      sleep: (delayMs, signal) => this.#sleep(delayMs, signal, owner),
      freeze: (ms) => {
        owner.frozen = true;
        // One step after its sleepers, which may wait for each other when they wake.
        this.#after(ms + 1, () => this.#thaw(owner), undefined);
        this.#onChange();
      },
      kill: () => {
        owner.dead = true;
        this.#timers = this.#timers.filter((timer) => timer.owner !== owner);
        for (const set of [this.#tasks, this.#sleepers]) {
          for (const one of set) if (one.owner === owner) (set as Set<Task | Sleeper>).delete(one);
        }
        this.#onChange();
      },
    };
  }

  #thaw(owner: Owner): void {
    owner.frozen = false;
    this.#onChange();
  }

  #after(delayMs: number, task: () => Promise<void> | void, owner: Owner | undefined): Cancel {
    if (owner?.dead) return () => {};
    return this.#addTimer(delayMs, () => this.#start(task, owner), owner);
  }

  #sleep(delayMs: number, signal: AbortSignal | undefined, owner: Owner | undefined): Promise<void> {
    return new Promise((resolve) => {
      // What is left of a killed process may only let go of its ports, and need not wait for that.
      if (owner?.dead || signal?.aborted) {
        resolve();
        return;
      }
      const task = currentTask.getStore();
      const sleeper: Sleeper = { task, owner, sequence: ++this.#sequence };
      const finish = () => {
        cancel();
        signal?.removeEventListener('abort', finish);
        if (!this.#sleepers.delete(sleeper)) return;
        if (task !== undefined) {
          task.sleeping -= 1;
          task.sequence = ++this.#sequence;
        }
        resolve();
      };
      const cancel = this.#addTimer(delayMs, finish, owner);
      this.#sleepers.add(sleeper);
      if (task !== undefined) task.sleeping += 1;
      signal?.addEventListener('abort', finish);
      this.#onChange();
    });
  }

  #addTimer(delayMs: number, run: () => void, owner: Owner | undefined): Cancel {
    const timer: Timer = { at: this.#now + Math.max(0, delayMs), run, owner };
    // Stable: behind all that are due at the same time.
    let low = 0;
    for (let high = this.#timers.length; low < high; ) {
      const middle = (low + high) >>> 1;
      if ((this.#timers[middle]?.at ?? 0) <= timer.at) low = middle + 1;
      else high = middle;
    }
    this.#timers.splice(low, 0, timer);
    return () => {
      const index = this.#timers.indexOf(timer);
      if (index >= 0) this.#timers.splice(index, 1);
    };
  }

  #start(run: () => Promise<void> | void, owner: Owner | undefined): void {
    const task: Task = { sequence: ++this.#sequence, sleeping: 0, owner };
    this.#tasks.add(task);
    currentTask
      .run(task, async () => await run())
      .catch((error: unknown) => {
        if (!owner?.dead) this.#failures.push(error);
      })
      .finally(() => {
        this.#tasks.delete(task);
        this.#onChange();
      });
  }

  #nextAt(): number {
    return this.#timers[0]?.at ?? Number.POSITIVE_INFINITY;
  }

  async #runNext(): Promise<void> {
    const timer = this.#timers.shift();
    if (timer === undefined) return;
    this.#now = Math.max(this.#now, timer.at);
    timer.run();
    await this.#settle();
  }

  /** Waits, in real time, until no task is busy. */
  async #settle(): Promise<void> {
    for (;;) {
      await eventLoopTurns();
      if (this.#failures.length > 0) throw this.#failures.shift();
      if (this.#busy() === 0) return;
      if (await this.#nextChange(this.#sleepers.size > 0 ? this.#stallMs / 4 : this.#stallMs)) continue;
      // One that waits for another one that sleeps: only time can help both.
      if (this.#sleepers.size > 0) return;
      throw this.#error(`a task did not end within ${this.#stallMs} ms of real time;`);
    }
  }

  /**
   * Tasks that time must wait for. A sleeper that belongs to no living task (a server's handler) stands for
   * one awake task that began before it: that task waits for it.
   */
  #busy(): number {
    const awake = [...this.#tasks]
      .filter((task) => task.sleeping === 0 && task.owner?.frozen !== true)
      .map((task) => ({ at: task.sequence, by: 1 }));
    const strangers = [...this.#sleepers]
      .filter((sleeper) => sleeper.task === undefined || !this.#tasks.has(sleeper.task))
      .map((sleeper) => ({ at: sleeper.sequence, by: -1 }));
    const inOrder = [...awake, ...strangers].sort((a, b) => a.at - b.at);
    return inOrder.reduce((busy, { by }) => Math.max(0, busy + by), 0);
  }

  /** True at the next change, false when none comes within the limit. */
  #nextChange(limitMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const giveUp = setTimeout(() => resolve(false), limitMs);
      this.#onChange = () => {
        clearTimeout(giveUp);
        resolve(true);
      };
    });
  }

  async #moveTime(move: () => Promise<void>): Promise<void> {
    if (this.#moving) throw new Error('FakeClock: time is being moved already; one advance() or runUntil() at a time');
    this.#moving = true;
    try {
      await move();
    } finally {
      this.#moving = false;
      this.#onChange();
      this.#onChange = () => {};
    }
  }

  #checkRunaway(runs: number): void {
    if (runs > 1_000_000) throw this.#error('a million timers ran without an end;');
  }

  #error(what: string): Error {
    const next = this.#timers.slice(0, 10).map((timer) => `+${timer.at - this.#now} ms`);
    return new Error(
      `FakeClock: ${what} now ${new Date(this.#now).toISOString()}, tasks ${this.#tasks.size}, ` +
        `sleepers ${this.#sleepers.size}, pending timers ${this.#timers.length} [${next.join(', ')}]`,
    );
  }
}

export interface ForkedClock extends Clock {
  kill(): void;
  /** Nobody waits for its tasks for so long, as if it were stopped by a signal. They should stop by themselves. */
  freeze(ms: number): void;
}

interface Owner {
  dead: boolean;
  frozen: boolean;
}

interface Timer {
  at: number;
  run: () => void;
  owner: Owner | undefined;
}

interface Task {
  /** Order of its start or, if later, of its last waking. */
  sequence: number;
  sleeping: number;
  owner: Owner | undefined;
}

interface Sleeper {
  task: Task | undefined;
  sequence: number;
  owner: Owner | undefined;
}

const currentTask = new AsyncLocalStorage<Task>();

function realDelay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Lets promises that nothing tracks go on. */
async function eventLoopTurns(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
}
