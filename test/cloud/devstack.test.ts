import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { path } from '../../openstack/path.js';
import type { Session } from '../../openstack/session.js';
import { ApiClient } from '../support/api-fixture.js';
import { templateOf } from '../support/orders.js';
import { issueToken, serviceCredentials, sessionsOf } from './sessions.js';
import { readTarget } from './target.js';
import { createTenant, type Tenant } from './tenant.js';

/** The plugin's phases in a checkout of its own, over the stand-in of DevStack's functions and the cloud's services. */
const target = readTarget(process.env);
const ROOT = resolve(__dirname, '../..');
const STACK = ['stack install', 'stack post-config', 'stack extra', 'stack test-config'];
const NAMES = { serviceUser: 'bayou', domain: 'bayou-devstack', domainAdmin: 'bayou-devstack-admin' };
const URL_OF_API = 'http://127.0.0.1:9511';

jest.setTimeout(20 * 60_000);

let dest: string;
let service: Session;
let tenant: Tenant;
let settings: Record<string, string>;

beforeAll(async () => {
  dest = mkdtempSync(join(tmpdir(), 'bayou-devstack-'));
  service = sessionsOf(target)(serviceCredentials(target));
  tenant = await createTenant(service, 'devstack');
  settings = settingsOf(dest);
  // As `enable_plugin` would clone it, with what is not committed yet.
  const files = 'git ls-files -co --exclude-standard -z | xargs -0 ls -d 2>/dev/null | tar -cT - | tar -xC "$1"';
  execFileSync('mkdir', ['-p', settings.BAYOU_DIR ?? '']);
  execFileSync('bash', ['-c', files, '-', settings.BAYOU_DIR ?? ''], { cwd: ROOT });
});

afterAll(async () => {
  await run(['unstack']);
  sql('DROP DATABASE IF EXISTS devstack_bayou');
  await removeIdentities();
  await tenant.remove();
  rmSync(dest, { recursive: true, force: true });
});

it.each(['first', 'second'])('serves after a %s stack, and is gone after unstack and clean', async () => {
  await run(STACK);

  const client = new ApiClient(URL_OF_API, { 'X-Auth-Token': await issueToken(target, tenant.credentials) });
  const { image, flavor, externalNetwork: external_network_id } = target;
  const order = { image_id: image, flavor_id: flavor, master_flavor_id: flavor, external_network_id };
  expect(await client.post('/v1/clustertemplates', templateOf({ ...order, keypair_id: null }))).toMatchObject({
    status: 201,
  });
  const admin = new ApiClient(URL_OF_API, { 'X-Auth-Token': await issueToken(target, serviceCredentials(target)) });
  expect((await admin.get('/v1/mservices')).body).toMatchObject({
    mservices: [{ binary: 'magnum-conductor', state: 'up' }],
  });

  await run(['unstack']);
  await run(['clean']);
  await expect(admin.get('/')).rejects.toThrow('ECONNREFUSED');
  expect([settings.BAYOU_CONF_DIR, join(dest, 'data/bayou')].filter((folder) => existsSync(folder ?? ''))).toEqual([]);
});

function settingsOf(folder: string): Record<string, string> {
  const { serviceUser } = target;
  const user = process.env.BAYOU_CLOUD_SERVER_USER ?? 'openstack';
  return {
    PATH: process.env.PATH ?? '',
    HOME: folder,
    DEST: folder,
    BAYOU_DIR: join(folder, 'bayou'),
    BAYOU_CONF_DIR: join(folder, 'etc'),
    BAYOU_TRUSTEE_DOMAIN: NAMES.domain,
    BAYOU_TRUSTEE_DOMAIN_ADMIN: NAMES.domainAdmin,
    SERVICE_PASSWORD: randomBytes(12).toString('hex'),
    OS_AUTH_URL: target.authUrl,
    OS_IDENTITY_API_VERSION: '3',
    ...(target.region === undefined ? {} : { OS_REGION_NAME: target.region }),
    OS_USERNAME: serviceUser.name,
    OS_PASSWORD: serviceUser.password,
    OS_PROJECT_NAME: serviceUser.projectName,
    OS_USER_DOMAIN_NAME: 'Default',
    OS_PROJECT_DOMAIN_NAME: 'Default',
    DATABASE_HOST: '127.0.0.1',
    DATABASE_USER: user,
    DATABASE_PASSWORD: serviceUser.password,
    RABBIT_HOST: '127.0.0.1',
    RABBIT_USERID: user,
    RABBIT_PASSWORD: serviceUser.password,
  };
}

/** As stack.sh, unstack.sh and clean.sh do, each by itself. */
async function run(phases: string[]): Promise<void> {
  const child = spawn(join(ROOT, 'test/devstack/phases.sh'), phases, {
    env: settings,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += String(chunk)));
  // Not `close`: the services that it has started hold the streams.
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`${phases.join(', ')}: ${code}\n${output.slice(-3000)}`);
}

function sql(statement: string): void {
  const { DATABASE_USER = '', DATABASE_HOST = '', DATABASE_PASSWORD = '' } = settings;
  const options = ['--no-defaults', `--user=${DATABASE_USER}`, `--host=${DATABASE_HOST}`, `--execute=${statement}`];
  execFileSync('mariadb', options, { env: { ...settings, MYSQL_PWD: DATABASE_PASSWORD } });
}

interface Named {
  id: string;
}

async function removeIdentities(): Promise<void> {
  const named = async (kind: 'users' | 'domains', query: Record<string, string>): Promise<string[]> => {
    const request = { service: 'identity', method: 'GET', path: `/${kind}`, query } as const;
    const { body } = await service.request<Record<string, Named[]>>({}, request);
    return (body[kind] ?? []).map(({ id }) => id);
  };
  const remove = (kind: string, id: string) =>
    service.request({}, { service: 'identity', method: 'DELETE', path: path(kind, id) });
  for (const id of await named('users', { name: NAMES.serviceUser, domain_id: 'default' })) await remove('users', id);
  for (const id of await named('domains', { name: NAMES.domain })) {
    const domain = { enabled: false };
    await service.request({}, { service: 'identity', method: 'PATCH', path: path('domains', id), body: { domain } });
    await remove('domains', id);
  }
}
