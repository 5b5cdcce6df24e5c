import { readFileSync } from 'node:fs';
import { ensureNodeAuthority } from '../common/authorities.js';
import { systemClock } from '../common/clock.js';
import { nodes } from '../common/db/nodes.js';
import { systemIds } from '../common/ids.js';
import { Sealer } from '../common/sealing.js';
import { type Authority, createRequest, requestKeyHash, signRequest, validFor } from '../common/x509.js';
import { plantFleet } from './dataset.js';
import { HeartbeatClient } from './heartbeat-client.js';
import { logIn } from './member.js';
import { cpuSeconds, residentMib } from './process-stats.js';
import { atLeast, atMost, inWords, type Row } from './row.js';
import { type BenchDatabase, cloudSettings, type RunningBayou, type Site } from './site.js';

const CLUSTERS = 10_000;
const NODES_PER_CLUSTER = 5;
const REPORTING_NODES = 200;
const WARM_UP_MS = 2000;
/** Health is gone through every 10 s; this sees it at least once. */
const OBSERVED_MS = 14_000;
const SAMPLE_MS = 100;

/** A conductor beside 10,000 clusters that run, and one API process that their nodes report to. */
export async function measureFleet(site: Site, { seconds }: { seconds: number }): Promise<Row[]> {
  const db = await site.database('bench_fleet');
  const member = await logIn(`${site.cloudUrl}/v3`);
  await plantFleet(db, { clusters: CLUSTERS, nodesPerCluster: NODES_PER_CLUSTER, ...member });
  return [await conductorMemory(site, db), await heartbeats(site, db, seconds)];
}

async function conductorMemory(site: Site, db: BenchDatabase): Promise<Row> {
  const conductor = await site.start('conductor', db);
  try {
    let most = 0;
    for (const end = performance.now() + OBSERVED_MS; performance.now() < end; await pause(SAMPLE_MS)) {
      most = Math.max(most, residentMib(conductor.pid));
    }
    const what = `resident memory of a conductor with ${inWords(CLUSTERS)} clusters`;
    return atMost({ what, limit: 200, measured: most, unit: 'MiB', beside: 'the most in its first 14 s' });
  } finally {
    await conductor.stop();
  }
}

async function heartbeats(site: Site, db: BenchDatabase, seconds: number): Promise<Row> {
  // A node may report four times a second; here a few stand for many.
  const settings = { ...cloudSettings(site.cloudUrl), BAYOU_NODE_LISTENER__MAX_REQUESTS_PER_MINUTE: '10000' };
  const bayou = await site.start('api', db, settings);
  const clients = await connectNodes(site, db, bayou);
  try {
    for (const client of clients) client.report();
    await pause(WARM_UP_MS);
    const answered = () => clients.reduce((sum, { answers }) => sum + answers, 0);
    const before = { answers: answered(), cpu: cpuSeconds(bayou.pid), at: performance.now() };
    await pause(seconds * 1000);
    const taken = answered() - before.answers;
    const rate = (taken * 1000) / (performance.now() - before.at);
    const failed = clients.find(({ failure }) => failure !== undefined);
    if (failed !== undefined) throw new Error(`A heartbeat was not taken: ${failed.failure}`);
    const beside = `${inWords(taken / (cpuSeconds(bayou.pid) - before.cpu))} per second of its processor time`;
    return atLeast({ what: 'heartbeats taken by one API process', limit: 2000, measured: rate, unit: '/s', beside });
  } finally {
    for (const client of clients) client.stop();
    await bayou.stop();
  }
}

async function connectNodes(site: Site, db: BenchDatabase, bayou: RunningBayou): Promise<HeartbeatClient[]> {
  const sealer = new Sealer(Buffer.from(readFileSync(site.keyFile, 'utf8'), 'base64'));
  const authority = await ensureNodeAuthority(db, { sealer, ids: systemIds, clock: systemClock });
  const rows = await nodes.rows(db.knex).orderBy('id').limit(REPORTING_NODES).select('uuid', 'cluster_id');
  const key = await createRequest({ commonName: 'node' });
  await nodes.update(db.knex, {}, { enrolledKey: await requestKeyHash(key.csrPem) });
  const clients: HeartbeatClient[] = [];
  for (const { uuid, cluster_id: clusterId } of rows) {
    const identity = { key: key.privateKeyPem, cert: await certificateOf(authority, key.csrPem, uuid, clusterId) };
    clients.push(await HeartbeatClient.open(new URL(bayou.nodeListenerUrl), authority.certificatePem, identity));
  }
  return clients;
}

async function certificateOf(authority: Authority, csrPem: string, uuid: string, clusterId: string): Promise<string> {
  const subject = { commonName: uuid, organization: clusterId };
  const signed = await signRequest({ csrPem, authority, subject, usages: ['client'], ...validFor(1, Date.now()) });
  return signed.pem;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
