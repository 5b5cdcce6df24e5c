import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FakeClock } from './support/fake-clock.js';
import { FakeIds } from './support/fake-ids.js';

describe('the fake clock', () => {
  it('runs timers in order of time, then of making, and stands at the end of the advance', async () => {
    const clock = new FakeClock({ startAt: 1000 });
    const seen: string[] = [];
    const note = (name: string) => () => {
      seen.push(`${name}@${clock.now()}`);
    };

    clock.after(20, note('late'));
    clock.after(10, note('first'));
    clock.after(10, note('second'));
    clock.after(31, note('too late'));
    clock.after(10, note('cancelled'))();
    await clock.advance(30);

    expect(seen).toEqual(['first@1010', 'second@1010', 'late@1020']);
    expect(clock.now()).toBe(1030);
    expect(clock.pending()).toBe(1);
  });

  it('runs timers that fall due because of other timers in the same advance', async () => {
    const clock = new FakeClock({ startAt: 0 });
    const seen: number[] = [];
    const again = () => {
      seen.push(clock.now());
      clock.after(10, again);
    };

    clock.after(10, again);
    await clock.advance(35);

    expect(seen).toEqual([10, 20, 30]);
  });

  it('lets time pass for a task that sleeps, and goes on with it at the right moment', async () => {
    const clock = new FakeClock({ startAt: 0 });
    const seen: string[] = [];

    clock.after(0, async () => {
      await clock.sleep(100);
      seen.push(`woken@${clock.now()}`);
    });
    clock.after(50, () => {
      seen.push(`between@${clock.now()}`);
    });
    await clock.advance(100);

    expect(seen).toEqual(['between@50', 'woken@100']);
  });

  it('ends a sleep at once when its signal aborts', async () => {
    const clock = new FakeClock({ startAt: 0 });
    const abort = new AbortController();
    const woken: number[] = [];

    void clock.sleep(1000, abort.signal).then(() => woken.push(clock.now()));
    clock.after(10, () => abort.abort());
    await clock.advance(20);

    expect(woken).toEqual([10]);
    expect(clock.pending()).toBe(0);
  });

  it('waits for real I/O inside a task, also when the server sleeps on the same clock', async () => {
    const clock = new FakeClock({ startAt: 0 });
    const server = createServer((request, response) => {
      const delayMs = request.url === '/slow' ? 40 : 0;
      void (delayMs === 0 ? Promise.resolve() : clock.sleep(delayMs)).then(() => response.end());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const fetchPath = (path: string) =>
      new Promise<void>((resolve, reject) => {
        get({ port, path, host: '127.0.0.1', agent: false }, (response) => response.resume().on('end', resolve)).on(
          'error',
          reject,
        );
      });
    const seen: string[] = [];

    clock.after(10, async () => {
      await fetchPath('/fast');
      seen.push(`fast@${clock.now()}`);
      await fetchPath('/slow');
      seen.push(`slow@${clock.now()}`);
    });
    clock.after(20, () => {
      seen.push(`other@${clock.now()}`);
    });
    void clock.sleep(500);
    await clock.advance(100);
    await new Promise((resolve) => server.close(resolve));

    expect(seen).toEqual(['fast@10', 'other@20', 'slow@50']);
  });

  it('does not take the sleep of one task for that of another', async () => {
    const clock = new FakeClock({ startAt: 0 });
    let finish: () => void = () => {};
    const untilFinished = () =>
      new Promise<void>((resolve) => {
        finish = resolve;
      });
    const seen: string[] = [];

    clock.after(0, () => clock.sleep(100));
    clock.after(1, untilFinished);
    clock.after(2, () => void seen.push('went on'));
    const advanced = clock.advance(10);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(seen).toEqual([]);
    finish();
    await advanced;

    expect(seen).toEqual(['went on']);
  });

  it('throws what a task throws out of advance', async () => {
    const clock = new FakeClock();
    clock.after(1, () => Promise.reject(new Error('broken task')));

    await expect(clock.advance(1)).rejects.toThrow('broken task');
  });

  it('names the task that hangs instead of hanging itself', async () => {
    const clock = new FakeClock({ stallMs: 50 });
    clock.after(1, () => new Promise(() => {}));

    await expect(clock.advance(1)).rejects.toThrow(/did not end within 50 ms of real time.*tasks 1/);
  });

  it('runs until a condition holds and no further', async () => {
    const clock = new FakeClock({ startAt: 0 });
    let count = 0;
    const again = () => {
      count += 1;
      clock.after(10, again);
    };
    clock.after(10, again);

    await clock.runUntil(async () => count === 3, { limitMs: 1000 });

    expect(clock.now()).toBe(30);
  });

  it('fails with time and pending timers when the limit is not enough', async () => {
    const clock = new FakeClock({ startAt: 0, stallMs: 50 });
    clock.after(200, () => {});

    await expect(clock.runUntil(() => false, { limitMs: 100 })).rejects.toThrow(
      '100 ms were not enough: now 1970-01-01T00:00:00.000Z, tasks 0, sleepers 0, pending timers 1 [+200 ms]',
    );
    await clock.advance(200);
    await expect(clock.runUntil(() => false, { limitMs: 100 })).rejects.toThrow('no timer is left');
  });

  it('forgets all that a killed process had under way and lets the others go on', async () => {
    const clock = new FakeClock({ startAt: 0 });
    const doomed = clock.fork();
    const seen: string[] = [];
    doomed.after(0, () => new Promise(() => {}));
    doomed.after(5, () => void seen.push('dead'));
    clock.after(5, () => void seen.push('alive'));
    void doomed.sleep(5).then(() => seen.push('dead'));
    const advanced = clock.advance(10);

    doomed.kill();
    await advanced;
    doomed.after(0, () => void seen.push('dead'));
    await clock.advance(10);

    expect(seen).toEqual(['alive']);
  });
});

describe('fake ids', () => {
  it('are the same for the same seed and look like version 4 UUIDs', () => {
    const [first, second, other] = [new FakeIds(7), new FakeIds(7), new FakeIds(8)];

    expect(first.uuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(new FakeIds(7).uuid()).toBe(second.uuid());
    expect([first.secret(16), first.random()]).toEqual([second.secret(16), second.random()]);
    expect(other.uuid()).not.toBe(new FakeIds(7).uuid());
  });
});
