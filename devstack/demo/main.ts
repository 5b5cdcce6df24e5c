import { type ChildProcess, fork } from 'node:child_process';
import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { AxiosInstance } from 'axios';
import { systemClock } from '../../common/clock.js';
import {
  type ClusterView,
  type DemoUser,
  failureText,
  logIn,
  type NodeViewBody,
  type OperationView,
} from './client.js';
import { writeInstructions } from './instructions.js';
import { DEFAULT_ORCHESTRATOR, ORCHESTRATORS, type Orchestrator } from './orchestrators.js';
import { clusterTable, nodeTable, progressLine, type Snapshot } from './screen.js';

/**
 * `npm run demo`: Bayou with everything embedded, and a Keystone user who orders a cluster through the
 * public API and watches it come up.
 */

const READY_LIMIT_MS = 30_000;
const CLUSTER_LIMIT_MS = 150_000;
const LOOK_MS = 250;
const NODE_COUNT = 2;
const STATE_FOLDER = 'var/demo';

const user: DemoUser = {
  authUrl: 'http://127.0.0.1:9500/identity',
  username: 'demo',
  password: 'secret',
  projectName: 'demo',
};

const startedAt = systemClock.now();
const say = (text: string) => process.stdout.write(`${text}\n`);
const passedMs = () => systemClock.now() - startedAt;
const elapsed = () => `${(passedMs() / 1000).toFixed(1).padStart(6)} s`;

function startBayou(): ChildProcess {
  const stateFolder = resolve(STATE_FOLDER);
  rmSync(stateFolder, { recursive: true, force: true });
  const environment = { ...process.env, BAYOU_DEFAULT__STATE_PATH: stateFolder };
  const program = resolve(__dirname, '../../cli/main.js');
  const child = fork(program, ['all', '--config-file', '/dev/null'], { env: environment, silent: true });
  return child;
}

/** Waits for the API; a program that ended instead says why. */
async function untilUp(bayou: ChildProcess, log: string[]): Promise<AxiosInstance> {
  for (;;) {
    if (bayou.exitCode !== null) throw new Error(`Bayou did not start:\n${log.slice(-5).join('')}`);
    try {
      const api = await logIn(user);
      await api.get('/clusters');
      return api;
    } catch (error) {
      if (passedMs() > READY_LIMIT_MS) throw error;
      await systemClock.sleep(LOOK_MS);
    }
  }
}

async function orderCluster(api: AxiosInstance, name: string, { coe, master }: Orchestrator): Promise<string> {
  const template = await api.post<{ uuid: string }>('/clustertemplates', {
    name,
    coe,
    image_id: 'debian-12',
    flavor_id: 'm1.small',
    master_flavor_id: 'm1.small',
    keypair_id: 'demo',
    external_network_id: 'public',
  });
  say(`${elapsed()}  template "${name}" made (POST /v1/clustertemplates: ${template.status})`);
  const cluster = await api.post<{ uuid: string }>('/clusters', {
    name: 'demo',
    cluster_template_id: template.data.uuid,
    master_count: 1,
    node_count: NODE_COUNT,
  });
  say(
    `${elapsed()}  cluster "demo" ordered: 1 ${master}, ${NODE_COUNT} workers (POST /v1/clusters: ${cluster.status})\n`,
  );
  return cluster.data.uuid;
}

async function look(api: AxiosInstance, uuid: string): Promise<Snapshot> {
  const [cluster, operations, nodes] = await Promise.all([
    api.get<ClusterView>(`/clusters/${uuid}`),
    api.get<{ operations: OperationView[] }>(`/clusters/${uuid}/operations`),
    api.get<{ nodes: NodeViewBody[] }>(`/clusters/${uuid}/nodes`),
  ]);
  return { cluster: cluster.data, operation: operations.data.operations.at(-1), nodes: nodes.data.nodes };
}

async function watch(api: AxiosInstance, uuid: string): Promise<Snapshot> {
  let shown = '';
  for (;;) {
    const snapshot = await look(api, uuid);
    const line = progressLine(snapshot);
    if (line !== shown) say(`${elapsed()}  ${line}`);
    shown = line;
    if (!snapshot.cluster.status.endsWith('_IN_PROGRESS')) return snapshot;
    if (passedMs() > CLUSTER_LIMIT_MS) throw new Error('The cluster was not ready in time');
    await systemClock.sleep(LOOK_MS);
  }
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { exit: { type: 'boolean', default: false }, coe: { type: 'string', default: DEFAULT_ORCHESTRATOR } },
  });
  const orchestrator = ORCHESTRATORS[values.coe];
  if (orchestrator === undefined) throw new Error(`--coe is one of ${Object.keys(ORCHESTRATORS).join(', ')}`);
  const log: string[] = [];
  const bayou = startBayou();
  for (const stream of [bayou.stdout, bayou.stderr]) {
    stream?.on('data', (chunk: Buffer) => log.push(chunk.toString()) > 1000 && log.shift());
  }
  const end = () => void bayou.kill('SIGTERM');
  process.once('exit', end);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(0));
  const api = await untilUp(bayou, log);
  say(`${elapsed()}  Bayou is up, with a development cloud beside it`);
  const snapshot = await watch(api, await orderCluster(api, values.coe, orchestrator));
  say(`\n${clusterTable(snapshot, orchestrator)}\n\n${nodeTable(snapshot)}\n`);
  if (snapshot.cluster.status !== 'CREATE_COMPLETE') {
    say(`The cluster did not come up: ${snapshot.cluster.status_reason ?? 'no reason was given'}`);
    return 1;
  }
  if (values.exit) {
    say(snapshot.cluster.status);
    return 0;
  }
  say(writeInstructions(resolve('var'), user, String(api.defaults.baseURL), snapshot, orchestrator));
  return new Promise((resolveExit) => bayou.once('exit', (code) => resolveExit(code ?? 0)));
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`demo: ${failureText(error)}\n`);
    process.exit(1);
  },
);
