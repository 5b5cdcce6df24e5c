import { ServerGroup } from '../servers/process-group.js';
import { findPrograms } from '../servers/programs.js';
import { type RabbitmqServer, startRabbitmq } from '../servers/rabbitmq.js';
import { askRedis, startRedis } from '../servers/redis.js';
import type { ApiClient } from '../support/api-fixture.js';
import { ClusterWatch } from '../support/cluster-watch.js';
import { makeTemplate } from '../support/orders.js';
import { openProcessSite, type ProcessSite } from '../support/process-site.js';
import { type DatabasePlace, makeDatabase } from '../support/test-database.js';
import { until } from '../support/until.js';

const OUTAGE_MS = 30_000;
const ORDER_EVERY_MS = 3000;
const ANSWER_LIMIT_MS = 5000;
const LIMIT_MS = 60_000;

let group: ServerGroup;
let rabbitmq: RabbitmqServer;
let redisPort: number;
let place: DatabasePlace;
let site: ProcessSite;

beforeAll(async () => {
  // Servers of its own: stopping them disturbs no other suite.
  group = new ServerGroup();
  const programs = findPrograms();
  const [broker, redisUrl] = await Promise.all([startRabbitmq(group, programs), startRedis(group, programs)]);
  rabbitmq = broker;
  redisPort = Number(new URL(redisUrl).port);
  place = await makeDatabase('mariadb');
  site = await openProcessSite({
    settings: {
      BAYOU_DATABASE__CONNECTION: place.connection,
      BAYOU_DEFAULT__TRANSPORT_URL: rabbitmq.url,
      BAYOU_SCHEDULER__REDIS_URL: redisUrl,
    },
  });
  await site.processes.run('db upgrade');
}, 90_000);

afterAll(async () => {
  await site?.close();
  await place?.drop();
  await group.stop();
});

it('with RabbitMQ down for 30 s and Redis emptied, every request is answered and every operation ends well', async () => {
  const api = await site.processes.start('api');
  await site.processes.start('conductor');
  const user = new TimedUser(await site.member(api));
  const template = await makeTemplate(user.client);
  await user.send('POST', '/v1/clusters', { name: 'before', cluster_template_id: template, node_count: 1 });

  await rabbitmq.kill();
  const back = performance.now() + OUTAGE_MS;
  for (let order = 0; performance.now() < back; order++) {
    const { uuid } = await user.send('POST', '/v1/clusters', { name: `c-${order}`, cluster_template_id: template });
    await user.send('GET', '/v1/clusters/detail');
    if (order % 2 === 1) await user.send('DELETE', `/v1/clusters/${uuid}`);
    await askRedis(redisPort, 'FLUSHALL');
    await new Promise((resolve) => setTimeout(resolve, ORDER_EVERY_MS));
  }
  await rabbitmq.restart();
  const { clusters } = await user.send('GET', '/v1/clusters');
  await Promise.all(clusters.map(({ uuid }: { uuid: string }) => endWell(user, uuid)));
  const isHealthy = async () => (await user.send('GET', '/healthcheck')).queue === 'connected';
  await until(isHealthy, { limitMs: LIMIT_MS, everyMs: 100 });

  expect(user.answers.filter(({ status }) => status < 200 || status > 299)).toEqual([]);
  expect(user.answers.filter(({ tookMs }) => tookMs > ANSWER_LIMIT_MS)).toEqual([]);
  expect(user.answers.length).toBeGreaterThan(OUTAGE_MS / ORDER_EVERY_MS);
  expect(await site.left()).toEqual({});
}, 180_000);

/** Notes how every request was answered. */
class TimedUser {
  readonly client: ApiClient;
  readonly answers: { request: string; status: number; tookMs: number }[] = [];

  constructor(client: ApiClient) {
    this.client = client;
  }

  async send(method: string, path: string, body?: object) {
    const before = performance.now();
    const answer = await this.client.send(method, path, body);
    this.answers.push({ request: `${method} ${path}`, status: answer.status, tookMs: performance.now() - before });
    return answer.body;
  }
}

/** Waits for what is under way with the cluster, and takes it away unless that has happened. */
async function endWell(user: TimedUser, uuid: string): Promise<void> {
  const watch = new ClusterWatch(user.client, uuid, { limitMs: LIMIT_MS, logs: () => site.processes.logs() });
  const isDeleting = (await watch.operations()).some(({ kind }) => kind === 'delete');
  if (!isDeleting) {
    await watch.ended('CREATE_COMPLETE');
    await user.send('DELETE', `/v1/clusters/${uuid}`);
  }
  await watch.gone();
  const ends = (await watch.operations()).map(({ kind, status }) => `${kind} ${status}`);
  expect(ends).toEqual([`create ${isDeleting ? 'superseded' : 'succeeded'}`, 'delete succeeded']);
}
