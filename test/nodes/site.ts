import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { composeService } from '../../cli/compose.js';
import { withDevelopmentCloud } from '../../cli/development.js';
import type { Outside } from '../../cli/outside.js';
import { systemClock } from '../../common/clock.js';
import { loadConfig } from '../../common/config/load.js';
import { openDatabase } from '../../common/db/database.js';
import { upgradeSchema } from '../../common/db/migrate.js';
import { systemIds } from '../../common/ids.js';
import { createLog, type Log } from '../../common/log.js';
import { createMetrics } from '../../common/metrics.js';
import { InProcessQueue } from '../../common/queue/in-process.js';
import { TimerScheduler } from '../../common/scheduler/timers.js';
import { Sealer } from '../../common/sealing.js';
import { createRunOverSsh } from '../../common/ssh/run-over-ssh.js';
import { type DevelopmentCloud, startDevelopmentCloud } from '../../devstack/devcloud/devcloud.js';
import { migrationSource } from '../../migrations/migrations.js';
import { createTransport } from '../../openstack/transport.js';
import { ApiClient, tokenOf } from '../support/api-fixture.js';
import { GATEWAY, openBridge } from './bridge.js';
import { startMirror } from './mirror.js';
import { findNodeTools, type NodeImage } from './node-tools.js';
import { RealNodes } from './real-nodes.js';

const DAY_MS = 86_400_000;
const BOOT_MS = 500;
const HEAT_STEP_MS = 200;

export interface NodeSiteOptions {
  /** Settings over the defaults, as the environment has them. */
  settings?: Record<string, string>;
  /** Whether the catalog has Octavia, whose load balancers nobody runs. Default: no, so that managers run HAProxy. */
  loadBalancers?: boolean;
  /** Served to nodes over HTTP. */
  mirrorFolder?: string | undefined;
  /** More arguments of systemd-nspawn. */
  binds?: readonly string[];
  /** What its nodes run. Default: Debian. */
  image?: NodeImage;
}

/** Bayou in this process over a development cloud whose servers are machines that boot. Close it whatever happens. */
export type NodeSite = Awaited<ReturnType<typeof openNodeSite>>;

export async function openNodeSite({ settings = {}, loadBalancers = false, ...options }: NodeSiteOptions = {}) {
  const tools = findNodeTools(process.env, options.image);
  const folder = mkdtempSync(join(tmpdir(), 'bayou-nodes-'));
  const logFile = join(folder, 'bayou.log');
  const log = createLog({ level: 'info', destination: pino.destination({ dest: logFile, sync: true }) });
  const nodes = new RealNodes({ tools, log }, options.binds);
  const ends = [async () => rmSync(folder, { recursive: true, force: true })];
  const close = () => endAll(ends);
  try {
    const closeBridge = await openBridge(tools);
    ends.push(async () => closeBridge());
    ends.push(() => nodes.stopAll());
    const mirror = options.mirrorFolder && (await startMirror({ host: GATEWAY, folder: options.mirrorFolder }));
    if (mirror) ends.push(mirror.stop);
    const cloud = await startDevelopmentCloud(
      { clock: systemClock, ids: systemIds, log },
      {
        host: GATEWAY,
        port: 0,
        bootMs: BOOT_MS,
        heatStepMs: HEAT_STEP_MS,
        loadBalancers,
        tokenLifetimeMs: DAY_MS,
        player: nodes.play,
      },
    );
    ends.push(cloud.stop);
    const bayou = await startBayou({ log, cloud, folder, settings });
    ends.push(bayou.stop);
    const token = await tokenOf(cloud, 'demo', 'demo');
    return {
      cloud,
      nodes,
      tools,
      /** Goes with the site; holds Bayou's log and database. */
      folder,
      logFile,
      mirror: mirror || undefined,
      db: bayou.db,
      /** A plain member of a project. */
      client: new ApiClient(bayou.apiUrl, { 'X-Auth-Token': token }).at('latest'),
      /** Everything in the cloud that is not part of its seed; nothing left is an empty object. */
      left: () => Object.fromEntries(Object.entries(cloud.everything()).filter(([, items]) => items.length > 0)),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

interface BayouParts {
  log: Log;
  cloud: DevelopmentCloud;
  folder: string;
  settings: Record<string, string>;
}

async function startBayou({ log, cloud, folder, settings }: BayouParts) {
  const { config } = loadConfig(undefined, {
    BAYOU_API__PORT: '0',
    BAYOU_NODE_LISTENER__HOST: GATEWAY,
    BAYOU_NODE_LISTENER__PORT: '0',
    BAYOU_NODE_LISTENER__HEARTBEAT_SECONDS: '5',
    BAYOU_CONDUCTOR__POLL_SECONDS: '1',
    BAYOU_METRICS__ENABLED: 'false',
    ...settings,
  });
  const db = openDatabase({ connection: `sqlite:///${join(folder, 'bayou.sqlite')}`, maxPoolSize: 10 });
  await upgradeSchema(db.knex, migrationSource);
  const clock = systemClock;
  const outside: Outside = {
    clock,
    ids: systemIds,
    log,
    db,
    queue: new InProcessQueue({ clock, log }),
    scheduler: new TimerScheduler({ clock, log }),
    transport: createTransport(),
    ssh: createRunOverSsh(),
    sealer: new Sealer(randomBytes(32)),
    metrics: createMetrics(),
  };
  const service = composeService(outside, withDevelopmentCloud(config, cloud.url), { api: true, conductor: true });
  const { apiUrl = '' } = await service.start();
  return {
    apiUrl,
    db,
    async stop() {
      await service.stop();
      await db.close();
    },
  };
}

/** In reverse order; a failure keeps none of the others from its end. */
async function endAll(ends: (() => Promise<void>)[]): Promise<void> {
  const failures: unknown[] = [];
  for (let end = ends.pop(); end !== undefined; end = ends.pop()) await end().catch((error) => failures.push(error));
  if (failures.length > 0) throw new AggregateError(failures, 'The site was not taken down well');
}
