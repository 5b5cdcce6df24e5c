import { connect } from 'amqplib';
import { operations } from '../common/db/operations.js';
import { encodeMessage } from '../common/queue/message.js';
import { QUOTA_NAMES } from '../devstack/devcloud/quotas.js';
import { until } from '../test/support/until.js';
import { cloudCalls } from './counters.js';
import { openLiveSite } from './live-site.js';
import { atMost, inWords, type Row } from './row.js';
import type { BenchDatabase, RunningBayou, Site } from './site.js';

const CLUSTERS_AT_ONCE = 20;
const SETUP_LIMIT_MS = 150_000;
const PASS_LIMIT_MS = 60_000;
const HOUR_MS = 3_600_000;
/** More than is ordered here. */
const WIDE = 10_000_000;
const QUEUE = 'bayou.operations';

/** Every operation of clusters whose stacks are in progress is looked at once, leases and records included. */
export async function measureStatusPass(site: Site, { clusters }: { clusters: number }): Promise<Row[]> {
  const live = await openLiveSite(site, 'bench_status');
  try {
    live.cloud.state.settings.heatStepMs = HOUR_MS;
    const [project] = [...live.cloud.state.identity.projects.values()].filter(({ name }) => name === 'demo');
    live.cloud.quotas.order(project?.id ?? '', Object.fromEntries(QUOTA_NAMES.map((name) => [name, WIDE])));
    for (let made = 0; made < clusters; made += CLUSTERS_AT_ONCE) {
      await Promise.all(Array.from({ length: CLUSTERS_AT_ONCE }, (_, index) => live.order(`web-${made + index}`, 1)));
    }
    // They look again after the longest time that there is, so that none comes in between.
    const conductor = await live.startConductor({ BAYOU_CONDUCTOR__POLL_SECONDS: '60' });
    const isWaiting = async () => (await countWaiting(live.db, 0)) === clusters;
    await until(isWaiting, { limitMs: SETUP_LIMIT_MS, everyMs: 100, tell: () => told(live.db) });
    return [await passOnce(site, live.db, conductor, clusters)];
  } finally {
    await live.close();
  }
}

async function passOnce(site: Site, db: BenchDatabase, conductor: RunningBayou, clusters: number): Promise<Row> {
  const heat = () => cloudCalls(conductor.metricsUrl, 'orchestration');
  const callsBefore = await heat();
  const due: { uuid: string }[] = await operations.rows(db.knex).where({ status: 'waiting' }).select('uuid');
  await operations.rows(db.knex).where({ status: 'waiting' }).update({ due_at: Date.now() });
  const startedAt = Date.now();
  await tellAll(
    site.transportUrl,
    due.map(({ uuid }) => uuid),
  );
  const isPassed = async () => (await countWaiting(db, startedAt)) === clusters;
  await until(isPassed, { limitMs: PASS_LIMIT_MS, everyMs: 20, tell: () => told(db) });
  const seconds = (Date.now() - startedAt) / 1000;
  const beside = `${inWords((await heat()) - callsBefore)} calls to Heat`;
  return atMost({
    what: `one pass over ${inWords(clusters)} clusters in progress`,
    limit: 2,
    measured: seconds,
    unit: 's',
    beside,
  });
}

/** Those that were looked at after `since` and found their stack still in progress. */
async function countWaiting({ knex }: BenchDatabase, since: number): Promise<number> {
  const waiting = operations.rows(knex).where({ status: 'waiting', phase: 'infrastructure' });
  const row = await waiting.where('due_at', '>', since).count({ n: '*' }).first();
  return Number(row?.n);
}

async function told({ knex }: BenchDatabase): Promise<string> {
  const rows: Record<string, unknown>[] = await operations
    .rows(knex)
    .groupBy('status', 'phase')
    .select('status', 'phase')
    .count({ n: '*' });
  const [failed] = await operations.list(knex, { status: 'failed' });
  const counts = rows.map(({ n, status, phase }) => `${n} ${status} at ${phase}`);
  return [...counts, ...(failed?.reason === undefined ? [] : [failed.reason.message])].join(', ');
}

async function tellAll(transportUrl: string, operationIds: string[]): Promise<void> {
  const connection = await connect(transportUrl);
  const channel = await connection.createConfirmChannel();
  for (const operationId of operationIds) channel.sendToQueue(QUEUE, encodeMessage({ operationId }));
  await channel.waitForConfirms();
  await connection.close();
}
