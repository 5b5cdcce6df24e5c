import type { Clock } from '../../common/clock.js';
import { isServiceError } from '../../common/errors.js';
import type { OperationMessage, Queue } from '../../common/queue/queue.js';

export interface QueueHarness {
  queue: Queue;
  /** The one that the queue was given. */
  clock: Clock;
  /** Waits until the condition holds, or fails. */
  until(condition: () => boolean | Promise<boolean>): Promise<void>;
  /** Operation ids of the messages that were given up. */
  deadLetters(): Promise<string[]>;
  close(): Promise<void>;
}

/** What every queue promises. `create` makes an empty queue that is not started, with this many handlers at once. */
export function describeQueue(name: string, create: (concurrency: number) => Promise<QueueHarness>): void {
  describe(`the ${name} queue`, () => {
    let harness: QueueHarness;
    let queue: Queue;
    let seen: OperationMessage[];
    const note = async (message: OperationMessage) => {
      seen.push(message);
    };

    beforeEach(async () => {
      harness = await create(3);
      queue = harness.queue;
      seen = [];
    });

    afterEach(async () => {
      await harness.close();
    });

    it('refuses a message before the start and after the stop', async () => {
      await expect(queue.publish({ operationId: 'early' })).rejects.toMatchObject({ kind: 'unavailable' });
      expect(queue.isConnected()).toBe(false);

      await queue.start();
      expect(queue.isConnected()).toBe(true);
      await queue.stop();

      expect(queue.isConnected()).toBe(false);
      const refusal = await queue.publish({ operationId: 'late' }).catch((error: unknown) => error);
      expect(isServiceError(refusal, 'unavailable')).toBe(true);
    });

    it('hands over each message with its operation and request', async () => {
      await queue.consume(note);
      await queue.start();

      await queue.publish({ operationId: 'one', requestId: 'req-1' });
      await queue.publish({ operationId: 'two' });
      await harness.until(() => seen.length === 2);

      expect(seen).toEqual(
        expect.arrayContaining([{ operationId: 'one', requestId: 'req-1' }, { operationId: 'two' }]),
      );
    });

    it('keeps what was published before anybody listened', async () => {
      await queue.start();
      await queue.publish({ operationId: 'kept' });

      await queue.consume(note);
      await harness.until(() => seen.length === 1);

      expect(seen).toEqual([{ operationId: 'kept' }]);
    });

    it('repeats a message whose handler failed until it succeeds', async () => {
      await queue.start();
      await queue.consume(async (message) => {
        await note(message);
        if (seen.length < 3) throw new Error('not yet');
      });

      await queue.publish({ operationId: 'stubborn' });
      await harness.until(() => seen.length === 3);
      await queue.publish({ operationId: 'next' });
      await harness.until(() => seen.length === 4);

      expect(seen.map((message) => message.operationId)).toEqual(['stubborn', 'stubborn', 'stubborn', 'next']);
      expect(await harness.deadLetters()).toEqual([]);
    });

    it('gives a message up after five deliveries', async () => {
      await queue.start();
      await queue.consume(async (message) => {
        await note(message);
        throw new Error('never');
      });

      await queue.publish({ operationId: 'hopeless' });
      let dead: string[] = [];
      await harness.until(async () => {
        dead = dead.concat(await harness.deadLetters());
        return dead.length > 0;
      });

      expect(dead).toEqual(['hopeless']);
      expect(seen).toHaveLength(5);
    });

    it('runs no more handlers at once than it was told', async () => {
      let running = 0;
      let most = 0;
      let done = 0;
      await queue.start();
      await queue.consume(async () => {
        running += 1;
        most = Math.max(most, running);
        await harness.clock.sleep(20);
        running -= 1;
        done += 1;
      });

      for (let count = 0; count < 10; count++) await queue.publish({ operationId: `operation ${count}` });
      await harness.until(() => done === 10);

      expect(most).toBe(3);
    });

    it('waits at the stop for handlers under way and takes nothing new', async () => {
      let stopped = false;
      let doneBeforeStop = false;
      await queue.start();
      await queue.consume(async (message) => {
        await note(message);
        await harness.clock.sleep(100);
        doneBeforeStop = !stopped;
      });
      await queue.publish({ operationId: 'under way' });
      await harness.until(() => seen.length === 1);

      const stopping = queue.stop().then(() => {
        stopped = true;
      });
      await harness.until(() => stopped);
      await stopping;

      expect(doneBeforeStop).toBe(true);
      expect(seen).toHaveLength(1);
    });
  });
}
