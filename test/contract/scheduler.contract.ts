import type { Clock } from '../../common/clock.js';
import type { Scheduler } from '../../common/scheduler/scheduler.js';

export interface SchedulerHarness {
  scheduler: Scheduler;
  /** The one that the scheduler was given. */
  clock: Clock;
  /** Waits until the condition holds, or fails. */
  until(condition: () => boolean | Promise<boolean>): Promise<void>;
  close(): Promise<void>;
}

/** What every scheduler promises. `create` makes one that is not started. */
export function describeScheduler(name: string, create: () => Promise<SchedulerHarness>): void {
  describe(`the ${name} scheduler`, () => {
    let harness: SchedulerHarness;
    let scheduler: Scheduler;
    let clock: Clock;
    let woken: Array<{ id: string; atMs: number }>;
    const note = async (id: string) => {
      woken.push({ id, atMs: clock.now() });
    };
    const ids = () => woken.map(({ id }) => id);

    beforeEach(async () => {
      harness = await create();
      ({ scheduler, clock } = harness);
      woken = [];
    });

    afterEach(async () => {
      await harness.close();
    });

    it('refuses a reminder before the start and after the stop', async () => {
      await expect(scheduler.wakeAt('early', clock.now())).rejects.toMatchObject({ kind: 'unavailable' });
      expect(scheduler.isConnected()).toBe(false);

      await scheduler.start();
      expect(scheduler.isConnected()).toBe(true);
      await scheduler.stop();

      expect(scheduler.isConnected()).toBe(false);
      await expect(scheduler.wakeAt('late', clock.now())).rejects.toMatchObject({ kind: 'unavailable' });
    });

    it('wakes each operation when it is due, never before, the earlier one first', async () => {
      scheduler.onWake(note);
      await scheduler.start();
      const start = clock.now();

      await scheduler.wakeAt('second', start + 600);
      await scheduler.wakeAt('first', start + 200);
      await harness.until(() => woken.length === 2);

      expect(ids()).toEqual(['first', 'second']);
      expect(woken[0]?.atMs).toBeGreaterThanOrEqual(start + 200);
      expect(woken[1]?.atMs).toBeGreaterThanOrEqual(start + 600);
    });

    it('wakes at once what is due already', async () => {
      scheduler.onWake(note);
      await scheduler.start();

      await scheduler.wakeAt('overdue', clock.now() - 10_000);
      await harness.until(() => woken.length === 1);

      expect(ids()).toEqual(['overdue']);
    });

    it('lets an earlier reminder of the same operation come first', async () => {
      scheduler.onWake(note);
      await scheduler.start();
      const start = clock.now();

      await scheduler.wakeAt('moved', start + 86_400_000);
      await scheduler.wakeAt('moved', start + 100);
      await harness.until(() => woken.length === 1);

      expect(clock.now()).toBeLessThan(start + 30_000);
    });

    it('wakes once for the same reminder made twice', async () => {
      scheduler.onWake(note);
      await scheduler.start();
      const dueAt = clock.now() + 300;

      await scheduler.wakeAt('twice', dueAt);
      await scheduler.wakeAt('twice', dueAt);
      await scheduler.wakeAt('sentinel', dueAt + 300);
      await harness.until(() => ids().includes('sentinel'));

      expect(ids()).toEqual(['twice', 'sentinel']);
    });

    it('goes on after a handler that failed', async () => {
      let calls = 0;
      scheduler.onWake(async (id) => {
        calls += 1;
        if (id === 'bad') throw new Error('handler failed');
        await note(id);
      });
      await scheduler.start();

      await scheduler.wakeAt('bad', clock.now());
      await harness.until(() => calls > 0);
      await scheduler.wakeAt('good', clock.now());
      await harness.until(() => woken.length === 1);

      expect(ids()).toEqual(['good']);
    });

    it('lets the handler set the next reminder', async () => {
      scheduler.onWake(async (id) => {
        await note(id);
        if (woken.length < 3) await scheduler.wakeAt(id, clock.now() + 50);
      });
      await scheduler.start();

      await scheduler.wakeAt('again', clock.now());
      await harness.until(() => woken.length === 3);

      expect(ids()).toEqual(['again', 'again', 'again']);
    });

    it('waits at the stop for the handler under way', async () => {
      let started = false;
      let finished = false;
      let stopped = false;
      scheduler.onWake(async () => {
        started = true;
        await clock.sleep(100);
        finished = !stopped;
      });
      await scheduler.start();
      await scheduler.wakeAt('slow', clock.now());
      await harness.until(() => started);

      const stopping = scheduler.stop().then(() => {
        stopped = true;
      });
      await harness.until(() => stopped);
      await stopping;

      expect(finished).toBe(true);
    });
  });
}
