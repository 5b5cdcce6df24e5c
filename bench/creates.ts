import axios from 'axios';
import { clusters } from '../common/db/clusters.js';
import { templateOf } from '../test/support/orders.js';
import { load } from './load.js';
import { logIn, type Member } from './member.js';
import { cpuSeconds } from './process-stats.js';
import { atLeast, inWords, type Row } from './row.js';
import type { RunningBayou, Site } from './site.js';

const CONNECTIONS = 20;
const WARM_UP_SECONDS = 2;

export async function makeTemplate({ apiUrl }: RunningBayou, { headers }: Member): Promise<string> {
  const { data } = await axios.post<{ uuid: string }>(`${apiUrl}/v1/clustertemplates`, templateOf(), { headers });
  return data.uuid;
}

/** Creates that one API process accepts: preflight, one transaction that is on the disk, the word to the broker. */
export async function measureCreates(site: Site, { seconds }: { seconds: number }): Promise<Row[]> {
  const db = await site.database('bench_creates');
  const member = await logIn(`${site.cloudUrl}/v3`);
  const bayou = await site.start('api', db);
  try {
    const body = { name: 'web', node_count: 2, cluster_template_id: await makeTemplate(bayou, member) };
    const order = { url: `${bayou.apiUrl}/v1/clusters`, headers: member.headers, connections: CONNECTIONS, body };
    await load({ ...order, seconds: WARM_UP_SECONDS });
    const before = { cpu: cpuSeconds(bayou.pid), rows: await count() };
    const { requests, requestsPerSecond } = await load({ ...order, seconds });
    const written = (await count()) - before.rows;
    if (written < requests) throw new Error(`${requests} creates were accepted and ${written} are in the database`);
    const perCpu = requests / (cpuSeconds(bayou.pid) - before.cpu);
    const beside = `${inWords(perCpu)} per second of its processor time`;
    return [atLeast({ what: 'accepted creates', limit: 200, measured: requestsPerSecond, unit: '/s', beside })];
  } finally {
    await bayou.stop();
  }

  async function count(): Promise<number> {
    const row = await clusters.rows(db.knex).count({ n: '*' }).first();
    return Number(row?.n);
  }
}
