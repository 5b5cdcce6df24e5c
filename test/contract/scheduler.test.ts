import { systemClock } from '../../common/clock.js';
import { silentLog } from '../../common/log.js';
import { BullScheduler } from '../../common/scheduler/bull.js';
import { TimerScheduler } from '../../common/scheduler/timers.js';
import { FakeClock } from '../support/fake-clock.js';
import { testServerUrl } from '../support/test-server.js';
import { until } from '../support/until.js';
import { describeScheduler } from './scheduler.contract.js';

describeScheduler('timer', async () => {
  const clock = new FakeClock();
  const scheduler = new TimerScheduler({ clock, log: silentLog });
  return {
    scheduler,
    clock,
    until: (condition) => clock.runUntil(condition, { limitMs: 60_000 }),
    close: () => scheduler.stop(),
  };
});

let made = 0;

describeScheduler('Bull', async () => {
  made += 1;
  const scheduler = new BullScheduler({
    url: testServerUrl('redis'),
    name: `contract.${process.pid}.${made}`,
    clock: systemClock,
    log: silentLog,
  });
  return { scheduler, clock: systemClock, until, close: () => scheduler.stop() };
});

describe('the timer scheduler by itself', () => {
  it('waits longer than a timer of Node can', async () => {
    const clock = new FakeClock({ startAt: 0 });
    const scheduler = new TimerScheduler({ clock, log: silentLog });
    const woken: number[] = [];
    scheduler.onWake(async () => void woken.push(clock.now()));
    await scheduler.start();
    const days = 86_400_000;

    await scheduler.wakeAt('far', 40.5 * days);
    await clock.advance(40 * days);
    expect(woken).toEqual([]);
    await clock.advance(1 * days);

    expect(woken).toEqual([40.5 * days]);
    await scheduler.stop();
  });

  it('rejects what is beyond its bound, but moves what it has', async () => {
    const clock = new FakeClock({ startAt: 0 });
    const scheduler = new TimerScheduler({ clock, log: silentLog, maxWakes: 1 });
    const woken: number[] = [];
    scheduler.onWake(async () => void woken.push(clock.now()));
    await scheduler.start();
    await scheduler.wakeAt('one', 1000);

    await expect(scheduler.wakeAt('two', 1000)).rejects.toMatchObject({ kind: 'unavailable' });
    await scheduler.wakeAt('one', 500);
    await scheduler.wakeAt('one', 2000);
    await clock.advance(5000);

    expect(woken).toEqual([500]);
    await scheduler.stop();
  });
});
