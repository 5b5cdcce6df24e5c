import axios from 'axios';
import { systemClock } from '../common/clock.js';
import { type Operation, operations } from '../common/db/operations.js';
import { systemIds } from '../common/ids.js';
import { silentLog } from '../common/log.js';
import { type DevelopmentCloud, startDevelopmentCloud } from '../devstack/devcloud/devcloud.js';
import { createPlayer } from '../devstack/devcloud/player/player.js';
import { until } from '../test/support/until.js';
import { makeTemplate } from './creates.js';
import { logIn } from './member.js';
import { type BenchDatabase, cloudSettings, type RunningBayou, type Settings, type Site } from './site.js';

/** As slow as the development cloud that newcomers meet. */
const SPEED = { bootMs: 2000, heatStepMs: 200 };
const STEP_MS = 300;
const LIMIT_MS = 90_000;

/** A cloud that can be looked into and an API; conductors come as they are needed. */
export interface LiveSite {
  cloud: DevelopmentCloud;
  db: BenchDatabase;
  api: RunningBayou;
  startConductor(settings?: Settings): Promise<RunningBayou>;
  /** @returns the uuid of a cluster that has been accepted */
  order(name: string, nodeCount: number): Promise<string>;
  /** `status_reason`, as the user reads it. */
  statusReason(clusterId: string): Promise<string | undefined>;
  /** How far its create is, for failures. */
  whereabouts(clusterId: string): Promise<string>;
  /** The operation that made the cluster, once it has ended. */
  created(clusterId: string): Promise<Operation>;
  close(): Promise<void>;
}

export async function openLiveSite(site: Site, name: string): Promise<LiveSite> {
  const deps = { clock: systemClock, ids: systemIds, log: silentLog };
  const player = createPlayer(deps, { stepMs: STEP_MS });
  const cloud = await startDevelopmentCloud(deps, { host: '127.0.0.1', port: 0, ...SPEED, player });
  const db = await site.database(name);
  const member = await logIn(`${cloud.url}/v3`);
  const api = await site.start('api', db, cloudSettings(cloud.url));
  const client = axios.create({ baseURL: `${api.apiUrl}/v1`, headers: member.headers });
  const template = await makeTemplate(api, member);
  const running = [api];
  return {
    cloud,
    db,
    api,
    async startConductor(settings = {}) {
      // Nodes report to the API's process.
      const shared = { BAYOU_NODE_LISTENER__PUBLIC_URL: api.nodeListenerUrl, ...settings };
      const conductor = await site.start('conductor', db, { ...cloudSettings(cloud.url), ...shared });
      running.push(conductor);
      return conductor;
    },
    async order(clusterName, nodeCount) {
      const body = { name: clusterName, node_count: nodeCount, cluster_template_id: template };
      return (await client.post<{ uuid: string }>('/clusters', body)).data.uuid;
    },
    async statusReason(clusterId) {
      const { data } = await client.get<{ status_reason: string | null }>(`/clusters/${clusterId}`);
      return data.status_reason ?? undefined;
    },
    async whereabouts(clusterId) {
      const operation = await operations.find(db.knex, { clusterId, kind: 'create' });
      return `${operation?.status} at ${operation?.phase}, ${operation?.reason?.message ?? 'no reason'}`;
    },
    async created(clusterId) {
      let ended: Operation | undefined;
      const look = async () => {
        ended = await operations.find(db.knex, { clusterId, kind: 'create' });
        return ended?.finishedAt !== undefined;
      };
      await until(look, { limitMs: LIMIT_MS, everyMs: 50, tell: () => `${ended?.status} at ${ended?.phase}` });
      if (ended?.status !== 'succeeded') throw new Error(`The create ${ended?.status}: ${ended?.reason?.message}`);
      return ended;
    },
    async close() {
      await Promise.all(running.map((process) => process.stop('SIGKILL')));
      await cloud.stop();
    },
  };
}
