import { silentLog } from '../../common/log.js';
import { probeBrokers } from '../../common/queue/broker-probe.js';
import { BullScheduler } from '../../common/scheduler/bull.js';
import { type Finding, fail, ok, type Patient } from './check.js';

const CONNECT_TIMEOUT_MS = 5000;

export async function checkRabbit({ loaded: { config } }: Patient): Promise<Finding[]> {
  const { transportUrl } = config.general;
  if (transportUrl === undefined) return [ok('RabbitMQ', 'none; jobs stay in the process of "bayou all"')];
  const probes = await probeBrokers(transportUrl, config.osloMessagingRabbit, CONNECT_TIMEOUT_MS);
  return probes.map(({ server, product, problem }) =>
    product === undefined
      ? fail(
          'RabbitMQ',
          `${server}: ${problem}`,
          'see that the broker runs, and that user, password and virtual host of [DEFAULT] transport_url are right',
        )
      : ok('RabbitMQ', `${product} at ${server}`),
  );
}

export async function checkRedis({ loaded: { config }, clock }: Patient): Promise<Finding[]> {
  const { redisUrl } = config.scheduler;
  if (redisUrl === undefined) return [ok('Redis', 'none; timers in each process')];
  const scheduler = new BullScheduler({ url: redisUrl, clock, log: silentLog, name: 'doctor' });
  const server = redisUrl.replace(/^.*@|^rediss?:\/\//, '');
  try {
    await scheduler.start();
    if (scheduler.isConnected()) return [ok('Redis', server)];
    return [
      fail('Redis', `${server} takes no commands`, 'see that Redis runs, and that [scheduler] redis_url is right'),
    ];
  } finally {
    await scheduler.stop();
  }
}
