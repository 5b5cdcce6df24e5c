import pino from 'pino';
import { systemClock } from '../../common/clock.js';
import { InProcessQueue } from '../../common/queue/in-process.js';
import { FakeClock } from '../support/fake-clock.js';
import { rabbitTestQueue } from '../support/rabbit-test-queue.js';
import { until } from '../support/until.js';
import { describeQueue } from './queue.contract.js';

/** The operations that an in-process queue reports as dropped. */
function droppedJobs(): { log: pino.Logger; take(): string[] } {
  const dropped: string[] = [];
  const write = (line: string) => {
    const entry = JSON.parse(line) as { level: number; operationId: string };
    if (entry.level >= 50) dropped.push(entry.operationId);
  };
  return {
    log: pino({ level: 'error' }, { write }),
    take: () => dropped.splice(0),
  };
}

describeQueue('in-process', async (concurrency) => {
  const clock = new FakeClock();
  const dropped = droppedJobs();
  const queue = new InProcessQueue({ clock, log: dropped.log, concurrency });
  return {
    queue,
    clock,
    until: (condition) => clock.runUntil(condition, { limitMs: 60_000 }),
    deadLetters: async () => dropped.take(),
    close: () => queue.stop(),
  };
});

describeQueue('RabbitMQ', async (concurrency) => {
  const { queue, deadLetters, close } = await rabbitTestQueue({ prefetch: concurrency });
  return {
    queue,
    clock: systemClock,
    until,
    deadLetters: async () =>
      (await deadLetters()).map((content) => (JSON.parse(content) as { operationId: string }).operationId),
    close,
  };
});

describe('the in-process queue by itself', () => {
  it('rejects what is beyond its bound and goes on with the rest', async () => {
    const clock = new FakeClock();
    const queue = new InProcessQueue({ clock, log: droppedJobs().log, maxQueued: 2 });
    const seen: string[] = [];
    await queue.start();
    await queue.publish({ operationId: 'one' });
    await queue.publish({ operationId: 'two' });

    await expect(queue.publish({ operationId: 'three' })).rejects.toMatchObject({ kind: 'unavailable' });
    await queue.consume(async ({ operationId }) => void seen.push(operationId));
    await clock.advance(0);

    expect(seen).toEqual(['one', 'two']);
  });

  it('ends a stop after its bound when a handler hangs', async () => {
    const clock = new FakeClock({ startAt: 0 });
    const queue = new InProcessQueue({ clock, log: droppedJobs().log, stopTimeoutMs: 500 });
    await queue.start();
    await queue.consume(() => clock.sleep(1_000_000));
    await queue.publish({ operationId: 'endless' });
    await clock.advance(0);

    let stoppedAt: number | undefined;
    const stopping = queue.stop().then(() => {
      stoppedAt = clock.now();
    });
    await clock.advance(1000);
    await stopping;

    expect(stoppedAt).toBe(500);
  });
});
