import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import axios from 'axios';
import { systemClock } from '../../common/clock.js';
import { systemIds } from '../../common/ids.js';
import { silentLog } from '../../common/log.js';
import { type DevelopmentCloud, startDevelopmentCloud } from '../../devstack/devcloud/devcloud.js';
import { createPlayer } from '../../devstack/devcloud/player/player.js';
import { freePorts } from '../servers/free-ports.js';
import { ApiClient, tokenOf } from './api-fixture.js';
import { type BayouProcess, BayouProcesses, type Settings } from './bayou-process.js';

export interface ProcessSiteOptions {
  /** The development cloud lives in `bayou all`, and dies with it. Otherwise it is in the test's own process. */
  embeddedCloud?: boolean;
  settings?: Settings;
}

/** What real processes of Bayou need around them: a folder, a secret key, ports, a cloud. Quick where it may be. */
export type ProcessSite = Awaited<ReturnType<typeof openProcessSite>>;

export async function openProcessSite({ embeddedCloud = false, settings = {} }: ProcessSiteOptions = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'bayou-processes-'));
  const [listenerPort = 0, cloudPort = 0] = await freePorts(2);
  const cloud = embeddedCloud ? undefined : await startPlayedCloud();
  const cloudUrl = cloud?.url ?? `http://127.0.0.1:${cloudPort}/identity`;
  const keyFile = join(folder, 'secret.key');
  writeFileSync(keyFile, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
  const processes = new BayouProcesses({
    ...QUICK,
    BAYOU_DEFAULT__STATE_PATH: folder,
    BAYOU_BAYOU__SECRET_KEY_FILE: keyFile,
    // Nodes keep the address that they were told, so it has to outlive the process.
    BAYOU_NODE_LISTENER__PORT: String(listenerPort),
    BAYOU_DEVELOPMENT_CLOUD__PORT: String(cloudPort),
    ...(cloud === undefined ? {} : cloudSettings(cloud)),
    ...settings,
  });
  return {
    processes,
    /** A plain member of a project, with a fresh token. */
    async member({ apiUrl }: BayouProcess): Promise<ApiClient> {
      const token = await tokenOf({ url: cloudUrl }, 'demo', 'demo');
      return new ApiClient(apiUrl, { 'X-Auth-Token': token }).at('latest');
    },
    /** Everything in the cloud that is not part of its seed; nothing left is an empty object. */
    async left(): Promise<Record<string, string[]>> {
      const { data } = await axios.get<{ everything: Record<string, string[]> }>(
        `${new URL('/_control/state', cloudUrl)}`,
      );
      return Object.fromEntries(Object.entries(data.everything).filter(([, items]) => items.length > 0));
    },
    async close(): Promise<void> {
      await processes.killAll();
      await cloud?.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const QUICK: Settings = {
  BAYOU_API__PORT: '0',
  BAYOU_METRICS__ENABLED: 'false',
  BAYOU_CONDUCTOR__LEASE_SECONDS: '3',
  BAYOU_CONDUCTOR__SWEEP_SECONDS: '1',
  BAYOU_CONDUCTOR__POLL_SECONDS: '1',
  BAYOU_NODE_LISTENER__HEARTBEAT_SECONDS: '5',
  BAYOU_DEVELOPMENT_CLOUD__BOOT_SECONDS: '0',
};

function cloudSettings({ url }: DevelopmentCloud): Settings {
  return {
    BAYOU_KEYSTONE_AUTHTOKEN__AUTH_URL: url,
    BAYOU_KEYSTONE_AUTHTOKEN__PASSWORD: 'secret',
    BAYOU_TRUST__TRUSTEE_DOMAIN_ADMIN_PASSWORD: 'secret',
  };
}

function startPlayedCloud(): Promise<DevelopmentCloud> {
  const deps = { clock: systemClock, ids: systemIds, log: silentLog };
  const player = createPlayer(deps, { stepMs: 300 });
  return startDevelopmentCloud(deps, { host: '127.0.0.1', port: 0, bootMs: 0, heatStepMs: 200, player });
}
