import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deleteKeypair, importKeypair } from '../../openstack/compute/keypairs.js';
import { freePorts } from '../servers/free-ports.js';
import { ApiClient } from '../support/api-fixture.js';
import { type BayouProcess, BayouProcesses, type Settings } from '../support/bayou-process.js';
import { until } from '../support/until.js';
import { type Account, accountsOf, leftOver, removeAccounts } from './left-over.js';
import { PlayedServers } from './played-servers.js';
import { issueToken, serviceCredentials, sessionsOf } from './sessions.js';
import { storageLeft } from './storage-left.js';
import type { BootedTarget, CloudTarget } from './target.js';
import { createTenant, removeStacks } from './tenant.js';

const PUBLIC_KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPPZZcMGzQxPjmIVJGYNDDL9r6sPM6JaW9a9PZR2/Lg cloud-site';
/** Nova and Neutron take things down after Heat has said that they are gone. */
const SETTLE_LIMIT_MS = 60_000;

/** Bayou as a process on a real cloud, in a project of its own. */
export type CloudSite = Awaited<ReturnType<typeof openCloudSite>>;

/** `booted`: machines that boot, else played ones; `further`: settings of Bayou. */
export async function openCloudSite(target: CloudTarget, booted: BootedTarget | undefined, further: Settings = {}) {
  const open = sessionsOf(target);
  const service = open(serviceCredentials(target));
  const tenant = await createTenant(service, 'life');
  const member = open(tenant.credentials);
  await importKeypair(member, {}, { name: 'demo', publicKey: PUBLIC_KEY });
  const folder = mkdtempSync(join(tmpdir(), 'bayou-cloud-'));
  const processes = new BayouProcesses({ ...(await settingsOf(target, booted, folder)), ...further });
  const players = new PlayedServers({ service, projectId: tenant.projectId });
  if (booted === undefined) players.start();
  const accountDomain = target.domainAdmin.domainName;
  const accounts = new Map<string, Account>();
  return {
    processes,
    tenant,
    /** For the test's own files. */
    folder,
    /** Of the project, as its user. */
    member,
    /** The cloud's admin. */
    service,
    /** What a failure should tell. */
    told: () => [processes.logs(), players.consoles()].join('\n'),
    async client({ apiUrl }: BayouProcess): Promise<ApiClient> {
      return new ApiClient(apiUrl, { 'X-Auth-Token': await issueToken(target, tenant.credentials) });
    },
    /** Remembers the accounts that there are, whose keypairs would outlive them. */
    async noteAccounts(): Promise<number> {
      const known = [...accounts.values()];
      for (const each of await accountsOf(service, tenant.projectId, accountDomain, known)) accounts.set(each.id, each);
      return accounts.size;
    },
    /** Ids of the project's servers by name, as Nova tells them. */
    serverIds: () => players.serverIds(),
    /** What is left when the cloud has come to rest. */
    async left(): Promise<Record<string, string[]>> {
      await deleteKeypair(member, {}, 'demo');
      let left: Record<string, string[]> = {};
      const look = async () => {
        left = {
          ...(await leftOver(service, tenant, accountDomain, [...accounts.values()])),
          ...(await storageLeft(target, tenant)),
        };
        return Object.keys(left).length === 0;
      };
      await until(look, { limitMs: SETTLE_LIMIT_MS, everyMs: 2000 }).catch(() => {});
      return left;
    },
    async close(): Promise<void> {
      await processes.killAll();
      await players.stop();
      await removeStacks(service, tenant.projectId);
      await removeAccounts(service, tenant, accountDomain, [...accounts.values()]);
      await deleteKeypair(member, {}, 'demo');
      await tenant.remove();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function settingsOf(target: CloudTarget, booted: BootedTarget | undefined, folder: string): Promise<Settings> {
  const { authUrl, region, cafile, serviceUser, domainAdmin } = target;
  const [freePort] = await freePorts(1);
  const listenerPort = booted === undefined ? freePort : new URL(booted.listenerUrl).port;
  return {
    BAYOU_API__PORT: '0',
    BAYOU_METRICS__ENABLED: 'false',
    BAYOU_DEFAULT__STATE_PATH: folder,
    BAYOU_NODE_LISTENER__PORT: String(listenerPort),
    BAYOU_NODE_LISTENER__HEARTBEAT_SECONDS: '5',
    ...(booted === undefined ? {} : { BAYOU_NODE_LISTENER__PUBLIC_URL: booted.listenerUrl }),
    BAYOU_KEYSTONE_AUTHTOKEN__AUTH_URL: authUrl,
    BAYOU_KEYSTONE_AUTHTOKEN__USERNAME: serviceUser.name,
    BAYOU_KEYSTONE_AUTHTOKEN__PASSWORD: serviceUser.password,
    BAYOU_KEYSTONE_AUTHTOKEN__PROJECT_NAME: serviceUser.projectName,
    ...(region === undefined ? {} : { BAYOU_KEYSTONE_AUTHTOKEN__REGION_NAME: region }),
    ...(cafile === undefined ? {} : { BAYOU_KEYSTONE_AUTHTOKEN__CAFILE: cafile }),
    BAYOU_TRUST__TRUSTEE_DOMAIN_NAME: domainAdmin.domainName,
    BAYOU_TRUST__TRUSTEE_DOMAIN_ADMIN_NAME: domainAdmin.name,
    BAYOU_TRUST__TRUSTEE_DOMAIN_ADMIN_PASSWORD: domainAdmin.password,
  };
}
