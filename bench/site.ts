import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import createKnex from 'knex';
import { openDatabase } from '../common/db/database.js';
import { upgradeSchema } from '../common/db/migrate.js';
import { migrationSource } from '../migrations/migrations.js';
import { freePorts } from '../test/servers/free-ports.js';
import { startMariadb } from '../test/servers/mariadb.js';
import { type LaunchedServer, ServerGroup, waitUntilReady } from '../test/servers/process-group.js';
import { findPrograms } from '../test/servers/programs.js';
import { startRabbitmq } from '../test/servers/rabbitmq.js';
import { until } from '../test/support/until.js';

const DIST = resolve(__dirname, '../dist');

/** Settings as the environment names them, `BAYOU_<SECTION>__<KEY>`. */
export type Settings = Record<string, string>;
export type BenchDatabase = ReturnType<typeof openDatabase> & { connection: string };

export interface RunningBayou {
  pid: number;
  apiUrl: string;
  nodeListenerUrl: string;
  metricsUrl: string;
  /** As `systemctl stop` does, or without a word. Resolves when it is gone. */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

/** Private servers in one temporary folder, and processes of Bayou beside them; all of it goes with `close`. */
export type Site = Awaited<ReturnType<typeof openSite>>;

export async function openSite() {
  const group = new ServerGroup();
  try {
    const programs = findPrograms();
    const [mariadbUrl, rabbit, cloudUrl] = await Promise.all([
      startMariadb(group, programs, { durable: true }),
      startRabbitmq(group, programs),
      startCloud(group),
    ]);
    const keyFile = join(group.folder, 'secret.key');
    writeFileSync(keyFile, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
    const shared = {
      BAYOU_BAYOU__SECRET_KEY_FILE: keyFile,
      BAYOU_DEFAULT__TRANSPORT_URL: rabbit.url,
      // More than is ordered here.
      BAYOU_QUOTAS__MAX_CLUSTERS_PER_PROJECT: '1000000',
    };
    const databases: BenchDatabase[] = [];
    let started = 0;
    return {
      group,
      /** Keystone of a development cloud in a process of its own, for measurements that it must not disturb. */
      cloudUrl,
      keyFile,
      /** The broker of all its processes. */
      transportUrl: rabbit.url,
      async database(name: string): Promise<BenchDatabase> {
        const db = await makeDatabase(mariadbUrl, name);
        databases.push(db);
        return db;
      },
      /** Resolves when it says that it is up. */
      async start(
        command: 'api' | 'conductor',
        { connection }: BenchDatabase,
        settings: Settings = cloudSettings(cloudUrl),
      ) {
        started += 1;
        const own = { ...shared, BAYOU_DATABASE__CONNECTION: connection, ...settings };
        return await startBayou(group, `${command}-${started}`, command, own);
      },
      async close(): Promise<void> {
        await Promise.all(databases.map((db) => db.close()));
        await group.stop();
      },
    };
  } catch (error) {
    await group.stop();
    throw error;
  }
}

export function cloudSettings(authUrl: string): Settings {
  return {
    BAYOU_KEYSTONE_AUTHTOKEN__AUTH_URL: authUrl,
    BAYOU_KEYSTONE_AUTHTOKEN__PASSWORD: 'secret',
    BAYOU_TRUST__TRUSTEE_DOMAIN_ADMIN_PASSWORD: 'secret',
  };
}

async function startCloud(group: ServerGroup): Promise<string> {
  const [port] = await freePorts(1);
  const program = join(DIST, 'devstack/devcloud/main.js');
  const server = group.launch('devcloud', [process.execPath, program, '--port', String(port)]);
  const url = `http://127.0.0.1:${port}/identity`;
  await waitUntilReady(server, async () => void (await fetch(`${url}/v3`)));
  return url;
}

async function makeDatabase(serverUrl: string, name: string): Promise<BenchDatabase> {
  const server = createKnex({ client: 'mysql2', connection: serverUrl });
  await server.raw(`CREATE DATABASE ${name}`).finally(() => server.destroy());
  const connection = `${serverUrl}${name}`;
  const db = openDatabase({ connection, maxPoolSize: 4 });
  await upgradeSchema(db.knex, migrationSource);
  return { ...db, connection };
}

async function startBayou(
  group: ServerGroup,
  name: string,
  command: string,
  settings: Settings,
): Promise<RunningBayou> {
  const [api, nodes, metrics] = await freePorts(3);
  const program = [process.execPath, join(DIST, 'cli/main.js'), command, '--config-file', '/dev/null'];
  const server = group.launch(name, program, {
    BAYOU_DEFAULT__HOST: name,
    BAYOU_API__PORT: String(api),
    BAYOU_NODE_LISTENER__PORT: String(nodes),
    BAYOU_METRICS__PORT: String(metrics),
    ...settings,
  });
  await untilUp(server);
  return {
    pid: server.child.pid ?? 0,
    apiUrl: `http://127.0.0.1:${api}`,
    nodeListenerUrl: `https://127.0.0.1:${nodes}`,
    metricsUrl: `http://127.0.0.1:${metrics}/metrics`,
    stop: (signal = 'SIGTERM') => end(server, signal),
  };
}

/** Its log goes to a file: reading it along would cost the time that is measured. */
async function untilUp(server: LaunchedServer): Promise<void> {
  const log = () => readFileSync(server.logFile, 'utf8');
  await until(() => server.exit !== undefined || log().includes('"msg":"Bayou is up"'), { limitMs: 30_000, tell: log });
  if (server.exit !== undefined) throw new Error(`${server.name} ended: ${log().slice(-2000)}`);
}

export async function end({ child }: LaunchedServer, signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
}
