import { openDatabase } from '../../common/db/database.js';
import { operations } from '../../common/db/operations.js';
import type { ApiClient } from '../support/api-fixture.js';
import type { BayouProcess } from '../support/bayou-process.js';
import { ClusterWatch } from '../support/cluster-watch.js';
import { makeCluster, makeTemplate } from '../support/orders.js';
import { openProcessSite, type ProcessSite } from '../support/process-site.js';
import { type DatabasePlace, makeDatabase } from '../support/test-database.js';
import { testServerUrl } from '../support/test-server.js';

const LIVES = 20;
const KILL_EVERY_MS = 4000;
const LIMIT_MS = 120_000;
/** A database of Redis that no other suite uses. */
const REDIS_DATABASE = 7;

let place: DatabasePlace;
let site: ProcessSite;

beforeAll(async () => {
  place = await makeDatabase('mariadb');
  const redis = new URL(testServerUrl('redis'));
  redis.pathname = `/${REDIS_DATABASE}`;
  site = await openProcessSite({
    settings: {
      BAYOU_DATABASE__CONNECTION: place.connection,
      BAYOU_DEFAULT__TRANSPORT_URL: testServerUrl('rabbitmq'),
      BAYOU_SCHEDULER__REDIS_URL: redis.toString(),
    },
  });
  await site.processes.run('db upgrade');
}, 60_000);

afterAll(async () => {
  await site.close();
  await place.drop();
});

it('20 cluster lives end and leave nothing while one of two conductors is killed every few seconds', async () => {
  const api = await site.processes.start('api');
  const conductors = await Promise.all([site.processes.start('conductor'), site.processes.start('conductor')]);
  const client = await site.member(api);
  const template = await makeTemplate(client);

  const lives = Promise.all(Array.from({ length: LIVES }, (_, index) => live(client, template, `life-${index}`)));
  const kills = await killUntil(lives, conductors);
  const codes = await Promise.all([api, ...conductors].map((running) => running.stop()));

  expect(kills).toBeGreaterThanOrEqual(4);
  expect(await site.left()).toEqual({});
  expect(await operationCounts()).toEqual({
    'create succeeded': LIVES,
    'resize succeeded': LIVES,
    'delete succeeded': LIVES,
  });
  expect(codes).toEqual([0, 0, 0]);
}, 300_000);

async function live(client: ApiClient, template: string, name: string): Promise<void> {
  const uuid = await makeCluster(client, { name, cluster_template_id: template, node_count: 1 });
  const watch = new ClusterWatch(client, uuid, { limitMs: LIMIT_MS, logs: () => site.processes.logs() });
  await watch.ended('CREATE_COMPLETE');
  expect(await client.post(`/v1/clusters/${uuid}/actions/resize`, { node_count: 2 })).toMatchObject({ status: 202 });
  await watch.ended('UPDATE_COMPLETE');
  await client.delete(`/v1/clusters/${uuid}`);
  await watch.gone();
}

/** Kills the conductors in turn, each replaced at once, until the work has ended. @returns how many died */
async function killUntil(work: Promise<unknown>, conductors: BayouProcess[]): Promise<number> {
  let isOver = false;
  const over = work.finally(() => {
    isOver = true;
  });
  for (let kills = 0; ; kills++) {
    await Promise.race([over, new Promise((resolve) => setTimeout(resolve, KILL_EVERY_MS))]);
    if (isOver) return kills;
    const turn = kills % conductors.length;
    await conductors[turn]?.kill();
    conductors[turn] = await site.processes.start('conductor');
  }
}

async function operationCounts(): Promise<Record<string, number>> {
  const db = openDatabase({ connection: place.connection, maxPoolSize: 2 });
  const all = await db.read('check', (query) => operations.list(query, {}));
  await db.close();
  const counts: Record<string, number> = {};
  for (const { kind, status } of all) counts[`${kind} ${status}`] = (counts[`${kind} ${status}`] ?? 0) + 1;
  return counts;
}
