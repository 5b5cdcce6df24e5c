import { connect } from 'node:net';
import axios, { type AxiosInstance } from 'axios';
import { composeService, type Service } from '../../cli/compose.js';
import { withDevelopmentCloud } from '../../cli/development.js';
import type { Outside } from '../../cli/outside.js';
import { loadConfig } from '../../common/config/load.js';
import type { Config } from '../../common/config/schema.js';
import { type Database, openDatabase } from '../../common/db/database.js';
import { upgradeSchema } from '../../common/db/migrate.js';
import { type Log, silentLog } from '../../common/log.js';
import { createMetrics } from '../../common/metrics.js';
import { InProcessQueue } from '../../common/queue/in-process.js';
import { TimerScheduler } from '../../common/scheduler/timers.js';
import { Sealer } from '../../common/sealing.js';
import { createRunOverSsh, type RunOverSsh, type SshOptions } from '../../common/ssh/run-over-ssh.js';
import {
  type DevelopmentCloud,
  type DevelopmentCloudOptions,
  startDevelopmentCloud,
} from '../../devstack/devcloud/devcloud.js';
import { migrationSource } from '../../migrations/migrations.js';
import { createTransport } from '../../openstack/transport.js';
import { FakeClock } from '../support/fake-clock.js';
import { FakeIds } from '../support/fake-ids.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { type NodeBehaviour, playNodes } from './played-nodes.js';
import {
  type PlannedFault,
  Seams,
  throughDatabase,
  throughQueue,
  throughScheduler,
  throughSsh,
  throughTransport,
} from './seams.js';

/** Longer than a lease and a sweep together. */
const FREEZE_MS = 30_000;
/** A call that hung in the network for this long. */
const LATE_MS = 600_000;
const BOOT_MS = 1000;
const HEAT_STEP_MS = 500;

/** Port 9 (discard) of the loopback refuses. */
const dialNobody = () => connect({ host: '127.0.0.1', port: 9 });

export interface WorldOptions {
  seed: number;
  /** Settings over the defaults, as the environment has them. */
  settings?: Record<string, string>;
  log?: Log;
  nodes?: NodeBehaviour;
  cloud?: Partial<DevelopmentCloudOptions>;
  /** Connection string of an empty database. Default: SQLite in memory. */
  database?: string;
  /** Where hosts listen for SSH. Default: nowhere. */
  dial?: SshOptions['dial'];
}

/** The whole program as one simulated process, with a clock of its own that stops with it. */
export interface SimulatedProcess {
  seams: Seams;
  apiUrl: string;
}

interface Parts {
  clock: FakeClock;
  ids: FakeIds;
  db: Database;
  cloud: DevelopmentCloud;
  config: Config;
  log: Log;
  ssh: RunOverSsh;
  /** Where nodes find the node listener, whichever process has it now. */
  nodeGate: TcpProxy;
}

/**
 * Bayou, a development cloud with played nodes, and time that moves only when told. A process can be
 * killed at any point, and another one started over the same database and the same cloud.
 */
export class World {
  readonly clock: FakeClock;
  readonly cloud: DevelopmentCloud;
  readonly db: Database;
  /** How often the database was written to. */
  writes = 0;
  /** Who makes the requests; of the project `demo`. */
  requester = 'demo';
  /** The living ones; nodes reach the newest. */
  processes: SimulatedProcess[] = [];
  readonly #parts: Parts;
  readonly sealer = new Sealer(Buffer.alloc(32, 7));
  /** By user. */
  readonly #tokens = new Map<string, string>();

  private constructor(parts: Parts) {
    this.#parts = parts;
    this.clock = parts.clock;
    this.cloud = parts.cloud;
    this.db = parts.db;
  }

  static async start(options: WorldOptions): Promise<World> {
    const clock = new FakeClock();
    const ids = new FakeIds(options.seed);
    const log = options.log ?? silentLog;
    const nodeGate = new TcpProxy({ host: '127.0.0.1', port: 9 });
    const nodePort = await nodeGate.start();
    const newest = () => world.processes.at(-1)?.seams;
    const player = playNodes({ clock, ids, log }, options.nodes ?? {}, newest);
    const cloud = await startDevelopmentCloud(
      { clock, ids, log },
      { host: '127.0.0.1', port: 0, bootMs: BOOT_MS, heatStepMs: HEAT_STEP_MS, player, ...options.cloud },
    );
    const db = openDatabase({ connection: options.database ?? 'sqlite://', maxPoolSize: 10 });
    await upgradeSchema(db.knex, migrationSource);
    const { config } = loadConfig(undefined, {
      BAYOU_API__PORT: '0',
      BAYOU_NODE_LISTENER__PORT: '0',
      BAYOU_NODE_LISTENER__PUBLIC_URL: `https://127.0.0.1:${nodePort}`,
      BAYOU_METRICS__ENABLED: 'false',
      ...options.settings,
    });
    const ssh = createRunOverSsh({ dial: options.dial ?? dialNobody });
    const configured = withDevelopmentCloud(config, cloud.url);
    const world = new World({ clock, ids, db, cloud, config: configured, log, ssh, nodeGate });
    db.knex.on('query', ({ sql }: { sql: string }) => {
      if (!sql.startsWith('select')) world.writes += 1;
    });
    return world;
  }

  /** Starts a process; with a plan, that fault happens to it, maybe while it starts. */
  async startProcess(plan?: PlannedFault): Promise<Seams> {
    const { clock: time, ids, db, config, log, ssh, nodeGate } = this.#parts;
    const clock = time.fork();
    const seams: Seams = new Seams({
      plan,
      clock,
      freezeMs: FREEZE_MS,
      later: (work) => void time.after(LATE_MS, work),
      onKill: () => {
        clock.kill();
        nodeGate.cut();
        // Only to free its ports: it can't touch anything else any more.
        void service.stop().catch(() => {});
        this.processes = this.processes.filter((process) => process.seams !== seams);
      },
    });
    const queue = throughQueue(seams, new InProcessQueue({ clock, log }));
    const scheduler = throughScheduler(seams, new TimerScheduler({ clock, log }));
    const outside: Outside = {
      clock,
      ids,
      log,
      db: throughDatabase(seams, db),
      queue,
      scheduler,
      transport: throughTransport(seams, createTransport()),
      ssh: throughSsh(seams, ssh),
      sealer: this.sealer,
      metrics: createMetrics(),
    };
    const service: Service = composeService(outside, config, { api: true, conductor: true });
    let started = false;
    time.after(0, async () => {
      try {
        const { apiUrl = '', nodeListenerPort = 0 } = await service.start();
        this.processes.push({ seams, apiUrl });
        nodeGate.retarget({ host: '127.0.0.1', port: nodeListenerPort });
      } catch (error) {
        // Whoever supervises it starts another one.
        if (plan === undefined) throw error;
        seams.kill();
      } finally {
        started = true;
      }
    });
    await time.runUntil(() => started, { limitMs: 120_000 });
    return seams;
  }

  /**
   * A request of `requester` to the newest process, made while time goes on.
   * Undefined when no answer came or it was a 5xx: the client can't know what became of it.
   */
  async request(
    method: string,
    path: string,
    body?: unknown,
    responseType: 'json' | 'arraybuffer' = 'json',
  ): Promise<{ status: number; data: unknown } | undefined> {
    let outcome: { answer?: { status: number; data: unknown } } | undefined;
    this.clock.after(0, async () => {
      const api = await this.#api();
      const answer = await api?.request({ method, url: path, data: body, responseType }).catch(() => undefined);
      outcome = answer === undefined || answer.status >= 500 ? {} : { answer };
    });
    await this.clock.runUntil(() => outcome !== undefined, { limitMs: 120_000 });
    return outcome?.answer;
  }

  async #api(): Promise<AxiosInstance | undefined> {
    const process = this.processes.at(-1);
    if (process === undefined) return undefined;
    const token = this.#tokens.get(this.requester) ?? (await this.#logIn());
    this.#tokens.set(this.requester, token);
    return axios.create({
      baseURL: `${process.apiUrl}/v1`,
      headers: { 'X-Auth-Token': token, 'OpenStack-API-Version': 'container-infra latest' },
      timeout: 5000,
      proxy: false,
      validateStatus: () => true,
    });
  }

  async #logIn(): Promise<string> {
    const domain = { id: 'default' };
    const password = { user: { name: this.requester, password: 'secret', domain } };
    const auth = { identity: { methods: ['password'], password }, scope: { project: { name: 'demo', domain } } };
    const { headers } = await axios.post(`${this.cloud.url}/v3/auth/tokens`, { auth }, { proxy: false, timeout: 5000 });
    return String(headers['x-subject-token']);
  }

  killAll(): void {
    for (const { seams } of this.processes) seams.kill();
  }

  /** Ends everything. */
  async stop(): Promise<void> {
    this.killAll();
    await this.cloud.stop();
    await this.#parts.nodeGate.stop();
    await this.db.close();
  }
}
