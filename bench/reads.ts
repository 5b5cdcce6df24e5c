import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { transformFileSync } from '@swc/core';
import axios from 'axios';
import { freePorts } from '../test/servers/free-ports.js';
import { waitUntilReady } from '../test/servers/process-group.js';
import { cloudCalls, statements } from './counters.js';
import { plantFleet } from './dataset.js';
import { type LoadResult, load } from './load.js';
import { logIn, type Member } from './member.js';
import { cpuSeconds, residentMib } from './process-stats.js';
import { atLeast, atMost, inWords, type Row } from './row.js';
import { type BenchDatabase, end, type RunningBayou, type Site } from './site.js';
import { median } from './statistics.js';

const CLUSTERS = 1000;
const NODES_PER_CLUSTER = 3;
const CONNECTIONS = 10;
const WARM_UP_SECONDS = 5;
const COUNTED_REQUESTS = 20;
const SETTLE_MS = 2000;

export interface ReadOptions {
  rounds: number;
  roundSeconds: number;
}

interface Rival {
  url: string;
  pid: number;
}

interface Pair {
  own: Round;
  other: Round;
}

interface Round extends LoadResult {
  cpuMsPerRequest: number;
  residentMib: number;
}

/** Lists and single reads beside the bare route, in turns, over the same rows of the same MariaDB. */
export async function measureReads(site: Site, options: ReadOptions): Promise<Row[]> {
  const db = await site.database('bench_reads');
  const member = await logIn(`${site.cloudUrl}/v3`);
  const { clusterIds } = await plantFleet(db, { clusters: CLUSTERS, nodesPerCluster: NODES_PER_CLUSTER, ...member });
  const bayou = await site.start('api', db);
  const bare = await startBareRoute(site, db, member);
  try {
    await new Promise((idle) => setTimeout(idle, SETTLE_MS));
    const idleMib = residentMib(bayou.pid);
    const rivals = { bayou: { url: bayou.apiUrl, pid: bayou.pid }, bare };
    const rows: Row[] = [];
    const all: Pair[] = [];
    for (const [what, path] of [
      ['list of 100', '/v1/clusters?limit=100'],
      ['single GET', `/v1/clusters/${clusterIds[CLUSTERS / 2]}`],
    ] as const) {
      await checkSameAnswer(rivals, path, member);
      const pairs = await takeTurns(rivals, path, member, options);
      rows.push(...compare(what, pairs));
      all.push(...pairs);
    }
    rows.push(...(await countCalls(db, bayou, member)));
    // After each round, for between two collections of garbage it goes up and down.
    const loaded = median(all.map(({ own }) => own.residentMib));
    const yardstick = median(all.map(({ other }) => other.residentMib));
    const beside = `${inWords(loaded)} MiB beside ${inWords(yardstick)} MiB`;
    return [
      ...rows,
      atMost({ what: 'resident memory of an idle API', limit: 100, measured: idleMib, unit: 'MiB' }),
      atMost({
        what: 'the same under load, of the bare route',
        limit: 1.3,
        measured: loaded / yardstick,
        unit: '×',
        beside,
      }),
    ];
  } finally {
    await Promise.all([bayou.stop(), bare.stop()]);
  }
}

async function takeTurns(
  { bayou, bare }: { bayou: Rival; bare: Rival },
  path: string,
  member: Member,
  { rounds, roundSeconds }: ReadOptions,
): Promise<Pair[]> {
  for (const rival of [bayou, bare]) await readFrom(rival, path, member, WARM_UP_SECONDS);
  const pairs: Pair[] = [];
  for (let round = 0; round < rounds; round++) {
    // Whoever comes first in one round is second in the next.
    const first = await readFrom(round % 2 === 0 ? bayou : bare, path, member, roundSeconds);
    const second = await readFrom(round % 2 === 0 ? bare : bayou, path, member, roundSeconds);
    pairs.push(round % 2 === 0 ? { own: first, other: second } : { own: second, other: first });
  }
  return pairs;
}

function compare(what: string, pairs: readonly Pair[]): Row[] {
  const middle = (value: (pair: Pair) => number) => median(pairs.map(value));
  const [ownRate, otherRate] = [
    middle(({ own }) => own.requestsPerSecond),
    middle(({ other }) => other.requestsPerSecond),
  ];
  const share = middle(({ own, other }) => own.requestsPerSecond / other.requestsPerSecond);
  const cpu = middle(({ own, other }) => other.cpuMsPerRequest / own.cpuMsPerRequest);
  const beside = `${inWords(ownRate)} beside ${inWords(otherRate)} /s; by processor time ${inWords(cpu * 100)}%`;
  const tail = `${inWords(middle(({ own }) => own.p99Ms))} beside ${inWords(middle(({ other }) => other.p99Ms))} ms`;
  return [
    atLeast({ what: `${what}, share of the bare route`, limit: 80, measured: share * 100, unit: '%', beside }),
    atMost({
      what: `${what}, p99 at ${CONNECTIONS} connections, of the bare route`,
      limit: 1.3,
      measured: middle(({ own, other }) => own.p99Ms / other.p99Ms),
      unit: '×',
      beside: tail,
    }),
  ];
}

async function readFrom({ url, pid }: Rival, path: string, { headers }: Member, seconds: number): Promise<Round> {
  const before = cpuSeconds(pid);
  const result = await load({ url: `${url}${path}`, headers, connections: CONNECTIONS, seconds });
  const cpuMsPerRequest = ((cpuSeconds(pid) - before) * 1000) / result.requests;
  return { ...result, cpuMsPerRequest, residentMib: residentMib(pid) };
}

/** A comparison with something that does less would be worth nothing. */
async function checkSameAnswer(rivals: { bayou: Rival; bare: Rival }, path: string, member: Member): Promise<void> {
  const ask = async ({ url }: Rival) => {
    const { data } = await axios.get<string>(`${url}${path}`, { headers: member.headers, responseType: 'text' });
    return JSON.parse(data.replaceAll(url, ''));
  };
  const [own, other] = await Promise.all([ask(rivals.bayou), ask(rivals.bare)]);
  if (!isDeepStrictEqual(own, other)) {
    throw new Error(`${path}: the bare route answers otherwise:\n${JSON.stringify(own)}\n${JSON.stringify(other)}`);
  }
}

async function countCalls(db: BenchDatabase, bayou: RunningBayou, { headers }: Member): Promise<Row[]> {
  const url = `${bayou.apiUrl}/v1/clusters?limit=100`;
  const keystone = () => cloudCalls(bayou.metricsUrl, 'identity');
  const before = { statements: await statements(db), keystone: await keystone() };
  await load({ url, headers, connections: 1, requests: COUNTED_REQUESTS });
  const perList = ((await statements(db)) - before.statements) / COUNTED_REQUESTS;
  return [
    atMost({ what: 'database queries per list', limit: 3, measured: perList, unit: '' }),
    atMost({
      what: 'Keystone calls with a warm token',
      limit: 0,
      measured: (await keystone()) - before.keystone,
      unit: '',
    }),
  ];
}

/** Compiled as Bayou is, so that neither carries a compiler along. */
async function startBareRoute(site: Site, db: BenchDatabase, { projectId, headers }: Member) {
  const program = resolve(__dirname, '../dist/bench/bare-route.js');
  mkdirSync(dirname(program), { recursive: true });
  const { code } = transformFileSync(resolve(__dirname, 'bare-route.ts'), {
    jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
    module: { type: 'commonjs' },
  });
  writeFileSync(program, code);
  const [port] = await freePorts(1);
  const server = site.group.launch('bare-route', [process.execPath, program, String(port), db.connection, projectId]);
  const url = `http://127.0.0.1:${port}`;
  await waitUntilReady(server, async () => void (await axios.get(`${url}/v1/clusters?limit=1`, { headers })));
  return { url, pid: server.child.pid ?? 0, stop: () => end(server) };
}
