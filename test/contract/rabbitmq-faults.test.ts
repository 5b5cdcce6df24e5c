import { systemClock } from '../../common/clock.js';
import type { OperationMessage } from '../../common/queue/queue.js';
import { freePorts } from '../servers/free-ports.js';
import { rabbitTestQueue } from '../support/rabbit-test-queue.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { testServerUrl } from '../support/test-server.js';
import { until } from '../support/until.js';

describe('RabbitMQ when things break', () => {
  const cleanUp: Array<() => Promise<void>> = [];

  afterEach(async () => {
    for (const close of cleanUp.splice(0).reverse()) await close();
  });

  async function testQueue(...args: Parameters<typeof rabbitTestQueue>) {
    const made = await rabbitTestQueue(...args);
    cleanUp.push(made.close);
    return made;
  }

  async function throughProxy() {
    const target = new URL(testServerUrl('rabbitmq'));
    const proxy = new TcpProxy({ host: target.hostname, port: Number(target.port) });
    const url = new URL(target);
    url.port = String(await proxy.start());
    cleanUp.push(() => proxy.stop());
    return { proxy, url: url.toString() };
  }

  it('delivers a job again when the connection is cut in the middle of it, and goes on', async () => {
    const { proxy, url } = await throughProxy();
    const { queue, deadLetters } = await testQueue({ url });
    const started: string[] = [];
    const finished: string[] = [];
    await queue.start();
    await queue.consume(async ({ operationId }) => {
      started.push(operationId);
      if (started.length === 1) {
        proxy.cut();
        await until(() => !queue.isConnected());
      }
      finished.push(operationId);
    });

    await queue.publish({ operationId: 'cut' });
    await until(() => finished.length === 2);
    await until(() => queue.isConnected());
    await queue.publish({ operationId: 'after' });
    await until(() => finished.length === 3);

    expect(started).toEqual(['cut', 'cut', 'after']);
    expect(await deadLetters()).toEqual([]);
  });

  it('rejects at once while the broker is down and works again when it is back', async () => {
    const { proxy, url } = await throughProxy();
    const { queue } = await testQueue({ url });
    const seen: OperationMessage[] = [];
    await queue.consume(async (message) => void seen.push(message));
    await queue.start();
    proxy.refuse();
    await until(() => !queue.isConnected());

    const before = performance.now();
    await expect(queue.publish({ operationId: 'lost' })).rejects.toMatchObject({ kind: 'unavailable' });
    expect(performance.now() - before).toBeLessThan(100);
    await proxy.restore();
    await until(() => queue.isConnected());
    await queue.publish({ operationId: 'back' });
    await until(() => seen.length === 1);

    expect(seen).toEqual([{ operationId: 'back' }]);
  });

  it('starts while the broker is down and connects when it comes up', async () => {
    const { proxy, url } = await throughProxy();
    proxy.refuse();
    const { queue } = await testQueue({ url });
    const seen: OperationMessage[] = [];

    await queue.start();
    await queue.consume(async (message) => void seen.push(message));
    expect(queue.isConnected()).toBe(false);
    await proxy.restore();
    await until(() => queue.isConnected());
    await queue.publish({ operationId: 'first' });
    await until(() => seen.length === 1);

    expect(seen).toEqual([{ operationId: 'first' }]);
  });

  it('rejects within the publish timeout when nothing comes back', async () => {
    const { proxy, url } = await throughProxy();
    const { queue } = await testQueue({ url, publishTimeoutMs: 200 });
    await queue.start();
    proxy.block();

    const before = performance.now();
    await expect(queue.publish({ operationId: 'unheard' })).rejects.toMatchObject({ kind: 'unavailable' });
    expect(performance.now() - before).toBeLessThan(1000);
    await proxy.restore();
  });

  it('stops in bounded time when the network is gone', async () => {
    const { proxy, url } = await throughProxy();
    const { queue } = await testQueue({ url });
    await queue.start();
    await queue.consume(async () => {});
    proxy.block();

    const before = performance.now();
    await queue.stop();
    expect(performance.now() - before).toBeLessThan(6000);
    proxy.cut();
  });

  it('goes to the next server of its list when one is down', async () => {
    const target = new URL(testServerUrl('rabbitmq'));
    const [deadPort] = await freePorts(1);
    const { queue } = await testQueue({ url: `rabbit://guest:guest@127.0.0.1:${deadPort},127.0.0.1:${target.port}/` });

    await queue.start();
    await until(() => queue.isConnected());

    await expect(queue.publish({ operationId: 'somewhere' })).resolves.toBeUndefined();
  });

  it('puts messages that it does not understand among the dead letters', async () => {
    const { queue, queueName, channel, deadLetters } = await testQueue();
    const seen: OperationMessage[] = [];
    await queue.start();
    await queue.consume(async (message) => void seen.push(message));

    const strange = ['no json', '{"v":2,"operationId":"future"}', '{"v":1}', '{"v":1,"operationId":7}'];
    for (const content of strange) channel.sendToQueue(queueName, Buffer.from(content));
    const dead: string[] = [];
    await until(async () => dead.push(...(await deadLetters())) === strange.length);

    expect(dead.sort()).toEqual([...strange].sort());
    expect(seen).toEqual([]);
  });

  it('makes its queue anew when somebody deletes it', async () => {
    const { queue, queueName, channel } = await testQueue();
    const seen: OperationMessage[] = [];
    await queue.start();
    await queue.consume(async (message) => void seen.push(message));

    await channel.deleteQueue(queueName);
    await until(async () => {
      await queue.publish({ operationId: 'again' }).catch(() => undefined);
      return seen.length > 0;
    });

    expect(seen[0]).toEqual({ operationId: 'again' });
  });

  it('rejects a message that reached no queue', async () => {
    const { queue, queueName, channel } = await testQueue({ clock: systemClock });
    await queue.start();

    await channel.deleteQueue(queueName);
    await expect(queue.publish({ operationId: 'nowhere' })).rejects.toMatchObject({ kind: 'unavailable' });
    await until(() => queue.isConnected());

    await expect(queue.publish({ operationId: 'here' })).resolves.toBeUndefined();
  });
});
