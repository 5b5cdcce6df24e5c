import Bull from 'bull';
import { systemClock } from '../../common/clock.js';
import { silentLog } from '../../common/log.js';
import { BullScheduler } from '../../common/scheduler/bull.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { testServerUrl } from '../support/test-server.js';
import { until } from '../support/until.js';

describe('Bull when things break', () => {
  const cleanUp: Array<() => Promise<void>> = [];
  let made = 0;

  afterEach(async () => {
    for (const close of cleanUp.splice(0).reverse()) await close();
  });

  function testScheduler(url: string) {
    made += 1;
    const name = `faults.${process.pid}.${made}`;
    const scheduler = new BullScheduler({ url, name, clock: systemClock, log: silentLog });
    cleanUp.push(() => scheduler.stop());
    const woken: string[] = [];
    scheduler.onWake(async (id) => void woken.push(id));
    return { scheduler, name, woken };
  }

  async function throughProxy() {
    const target = new URL(testServerUrl('redis'));
    const proxy = new TcpProxy({ host: target.hostname, port: Number(target.port) });
    const url = new URL(target);
    url.port = String(await proxy.start());
    cleanUp.push(() => proxy.stop());
    return { proxy, url: url.toString() };
  }

  it('starts while Redis is down, rejects within two seconds, and works when it comes up', async () => {
    const { proxy, url } = await throughProxy();
    proxy.refuse();
    const { scheduler, woken } = testScheduler(url);

    await scheduler.start();
    expect(scheduler.isConnected()).toBe(false);
    const before = performance.now();
    await expect(scheduler.wakeAt('lost', Date.now())).rejects.toMatchObject({ kind: 'unavailable' });
    expect(performance.now() - before).toBeLessThan(2000);
    await proxy.restore();
    await until(() => scheduler.isConnected());
    await scheduler.wakeAt('found', Date.now());
    await until(() => woken.length > 0);

    expect(woken).toEqual(['found']);
  });

  it('rejects within two seconds when Redis does not answer', async () => {
    const { proxy, url } = await throughProxy();
    const { scheduler } = testScheduler(url);
    await scheduler.start();
    proxy.block();

    const before = performance.now();
    await expect(scheduler.wakeAt('unheard', Date.now())).rejects.toMatchObject({ kind: 'unavailable' });
    expect(performance.now() - before).toBeLessThan(2500);
    await proxy.restore();
  });

  it('goes on after a cut, with the reminders that Redis kept', async () => {
    const { proxy, url } = await throughProxy();
    const { scheduler, woken } = testScheduler(url);
    await scheduler.start();
    await scheduler.wakeAt('kept', Date.now() + 500);

    proxy.refuse();
    await until(() => !scheduler.isConnected());
    await proxy.restore();
    await until(() => woken.includes('kept'));
    await until(() => scheduler.isConnected());
    await scheduler.wakeAt('after', Date.now());
    await until(() => woken.includes('after'));
  });

  it('goes on after Redis lost everything', async () => {
    const { scheduler, name, woken } = testScheduler(testServerUrl('redis'));
    await scheduler.start();
    await scheduler.wakeAt('forgotten', Date.now() + 60_000);
    await scheduler.wakeAt('before', Date.now());
    await until(() => woken.includes('before'));

    const other = new Bull(name, testServerUrl('redis'), { prefix: 'bayou' });
    cleanUp.push(() => other.close());
    await other.client.eval(
      "for _, key in ipairs(redis.call('keys', ARGV[1])) do redis.call('del', key) end",
      0,
      `bayou:${name}:*`,
    );
    await other.client.script('FLUSH');
    await scheduler.wakeAt('after', Date.now() + 100);
    await until(() => woken.includes('after'));

    expect(woken).toEqual(['before', 'after']);
  });

  it('leaves nothing in Redis of a reminder that was given', async () => {
    const { scheduler, name, woken } = testScheduler(testServerUrl('redis'));
    await scheduler.start();
    await scheduler.wakeAt('gone', Date.now());
    await until(() => woken.length === 1);

    const other = new Bull(name, testServerUrl('redis'), { prefix: 'bayou' });
    cleanUp.push(() => other.close());

    await until(async () => (await other.client.keys(`bayou:${name}:gone*`)).length === 0);
  });

  it('stops in bounded time when Redis is down', async () => {
    const { proxy, url } = await throughProxy();
    const { scheduler, woken } = testScheduler(url);
    await scheduler.start();
    await scheduler.wakeAt('at work', Date.now());
    await until(() => woken.length === 1);
    proxy.refuse();
    await until(() => !scheduler.isConnected());

    const before = performance.now();
    await scheduler.stop();
    expect(performance.now() - before).toBeLessThan(10_000);
  });
});
