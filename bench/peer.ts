import axios from 'axios';
import { errorText } from '../common/errors.js';
import { plantFleet } from './dataset.js';
import { load } from './load.js';
import { logIn, type Member } from './member.js';
import { plantPeerFleet } from './peer-fleet.js';
import { atLeast, inWords, type Row } from './row.js';
import type { Site } from './site.js';
import { median } from './statistics.js';

const CLUSTERS = 1000;
const CONNECTIONS = 10;
const WARM_UP_SECONDS = 4;
const SECONDS = 3;
const SINGLE_READS = 5;
const TIMEOUT_MS = 120_000;

export interface PeerOrder {
  /** Where the Magnum answers, with /v1. */
  url: string;
  /** Its database as `mysql://…`, which gets the same number of clusters for the time of the measurement. */
  database: string;
}

/** Beside a Magnum on the same machine, one process each: its seconds for a request times Bayou's requests per second. */
export async function measurePeer(site: Site, { url, database }: PeerOrder): Promise<Row[]> {
  const user = await logInToPeer(url);
  const fleet = await plantPeerFleet(database, user, CLUSTERS);
  try {
    const ask = (path: string) => secondsOf(`${url}${path}`, user);
    // The first request is the one that loads it.
    await ask(`/clusters/${fleet.clusterId}`);
    const singles: number[] = [];
    for (let read = 0; read < SINGLE_READS; read++) singles.push(await ask(`/clusters/${fleet.clusterId}`));
    const list = await ask('/clusters?limit=100');
    const own = await ownRates(site);
    return [
      compare('list of 100, beside Magnum', 5000, own.lists, list),
      compare('single GET, beside Magnum', 1000, own.singles, median(singles)),
    ];
  } finally {
    await fleet.remove();
  }
}

/** @throws Error that says what is missing. */
async function logInToPeer(url: string): Promise<Member> {
  const { OS_AUTH_URL, OS_USERNAME, OS_PASSWORD, OS_PROJECT_NAME } = process.env;
  if (!OS_AUTH_URL || !OS_USERNAME || !OS_PASSWORD || !OS_PROJECT_NAME) {
    throw new Error('--peer needs OS_AUTH_URL, OS_USERNAME, OS_PASSWORD and OS_PROJECT_NAME of a user of that Magnum');
  }
  const login = { user: OS_USERNAME, password: OS_PASSWORD, project: OS_PROJECT_NAME };
  const user = await logIn(OS_AUTH_URL.replace(/(\/v3)?\/*$/, '/v3'), login).catch((cause: unknown) => {
    throw new Error(`--peer: no token from ${OS_AUTH_URL}: ${errorText(cause)}`, { cause });
  });
  await secondsOf(`${url}/clusters?limit=1`, user).catch((cause: unknown) => {
    throw new Error(`--peer: no Magnum answers at ${url}: ${errorText(cause)}`, { cause });
  });
  return user;
}

function compare(what: string, limit: number, perSecond: number, peerSeconds: number): Row {
  const beside = `${inWords(perSecond)} per second beside ${inWords(peerSeconds)} s for one`;
  return atLeast({ what, limit, measured: perSecond * peerSeconds, unit: '×', beside });
}

async function secondsOf(url: string, { headers }: Member): Promise<number> {
  const startedAt = performance.now();
  await axios.get(url, { headers, timeout: TIMEOUT_MS, proxy: false });
  return (performance.now() - startedAt) / 1000;
}

async function ownRates(site: Site): Promise<{ lists: number; singles: number }> {
  const db = await site.database('bench_peer');
  const member = await logIn(`${site.cloudUrl}/v3`);
  const { clusterIds } = await plantFleet(db, { clusters: CLUSTERS, nodesPerCluster: 3, ...member });
  const bayou = await site.start('api', db);
  const rate = async (path: string) => {
    const order = { url: `${bayou.apiUrl}/v1${path}`, headers: member.headers, connections: CONNECTIONS };
    await load({ ...order, seconds: WARM_UP_SECONDS });
    return (await load({ ...order, seconds: SECONDS })).requestsPerSecond;
  };
  try {
    return { lists: await rate('/clusters?limit=100'), singles: await rate(`/clusters/${clusterIds[CLUSTERS / 2]}`) };
  } finally {
    await bayou.stop();
  }
}
