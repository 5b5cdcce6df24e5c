import { ensureAuthority } from '../../../common/authorities.js';
import { clusters } from '../../../common/db/clusters.js';
import { diagnostics } from '../../../common/db/diagnostics.js';
import { USERS_AUTHORITY } from '../../../common/trusted-authorities.js';
import { seedId } from '../../../devstack/devcloud/seed-id.js';
import { type ApiClient, type ApiFixture, accountToken, startApi, tokenOf } from '../../support/api-fixture.js';
import { makeCluster, makeTemplate, settle } from '../../support/orders.js';
import { type SavedRows, saveRows } from './saved-rows.js';

/** Who asks, in the order of the columns of access.yaml. Own is what belongs to the project demo, foreign is alt's. */
export const CALLERS = [
  'nobody',
  'reader', // of demo
  'member', // of demo, another one than the owner
  'owner', // a member of demo who made everything there
  'other_member', // of alt, where everything is theirs
  'other_admin', // with the role admin on alt
  'account', // of demo's cluster, with an unscoped token
  'admin', // on a project of their own
  'system', // the role admin on the whole system
] as const;
export type CallerName = (typeof CALLERS)[number];

/** What stands in braces in a path or body. */
export type Things = Readonly<Record<string, string>>;

type Made = Things & { readonly cluster: string };

export interface AccessSite {
  api: ApiFixture;
  callers: Record<CallerName, ApiClient>;
  own: Things;
  foreign: Things;
  rows: SavedRows;
}

/** Two projects that have one of everything each. */
export async function startAccessSite(settings: Record<string, string>): Promise<AccessSite> {
  const api = await startApi({ settings, clusterTypes: { rotatesCa: () => true } });
  const owner = (await api.as('demo')).at('latest');
  for (const user of ['alt_demo', 'reader', 'colleague', 'alt_admin', 'admin']) addKeypair(api, user);
  const otherMember = (await api.as('alt_demo', 'alt')).at('latest');
  const admin = (await api.as('admin')).at('latest');
  const own = await makeThings(api, owner, admin, 'demo');
  const foreign = await makeThings(api, otherMember, admin, 'alt');
  const account = await accountToken(api.cloud, own.cluster, seedId('project demo'));
  await api.db.transaction('test', (trx) =>
    clusters.update(trx, { uuid: own.cluster }, { accountUserId: account.userId }),
  );
  const withToken = (token: string) => api.anonymous.with({ 'X-Auth-Token': token }).at('latest');
  const callers = {
    nobody: api.anonymous,
    reader: (await api.as('reader', 'demo')).at('latest'),
    member: withToken(await newUser(api, 'colleague', 'demo', 'member')),
    owner,
    other_member: otherMember,
    other_admin: withToken(await newUser(api, 'alt_admin', 'alt', 'admin')),
    account: withToken(account.token),
    admin,
    system: withToken(await tokenOf(api.cloud, 'admin', { system: { all: true } })),
  };
  return { api, callers, own, foreign, rows: await saveRows(api.db.knex) };
}

/** Of the name that templates have. */
function addKeypair({ cloud }: ApiFixture, user: string): void {
  cloud.state.compute.addKeypair({
    userId: seedId(`user ${user}`),
    name: 'demo',
    publicKey: 'ssh-rsa AAAA',
    fingerprint: '',
  });
}

async function newUser({ cloud }: ApiFixture, name: string, project: string, role: string): Promise<string> {
  const { identity } = cloud.state;
  const id = seedId(`user ${name}`);
  const target = { kind: 'project' as const, id: seedId(`project ${project}`) };
  const [demo] = [...identity.users.values()].filter((user) => user.name === 'demo');
  if (demo === undefined) throw new Error('The development cloud has no demo');
  identity.users.set(id, { ...demo, id, name, defaultProjectId: target.id });
  identity.grant({ userId: id, roleId: seedId(`role ${role}`), target });
  return tokenOf(cloud, name, project);
}

async function makeThings(api: ApiFixture, owner: ApiClient, admin: ApiClient, name: string): Promise<Made> {
  const project = seedId(`project ${name}`);
  const template = await makeTemplate(owner, { name: `${name}-unused` });
  const published = await publishedTemplate(owner, admin, name);
  const cluster = await makeCluster(owner, { cluster_template_id: await makeTemplate(owner) });
  await settle(api.db, cluster, 'CREATE_COMPLETE', { apiAddress: 'tcp://172.24.4.5:2376' });
  for (const authority of [USERS_AUTHORITY, 'etcd']) {
    await ensureAuthority(api.db, api, { owner: cluster, name: authority, commonName: authority, days: 10 });
  }
  const made = async (path: string, body: object, by = owner): Promise<string> => {
    const answer = await by.post(path, body);
    if (answer.status >= 300) throw new Error(`No ${path}: ${JSON.stringify(answer.body)}`);
    return answer.body.uuid;
  };
  const nodegroup = await made(`/v1/clusters/${cluster}/nodegroups`, { name: 'extra' });
  await settle(api.db, cluster, 'CREATE_COMPLETE');
  const diagnostic = await made(`/v1/clusters/${cluster}/actions/diagnose`, { nodes: [] });
  await endDiagnostic(api, diagnostic);
  const keypairOf = await made('/v1/x509keypairs', { name: 'pair', bay_uuid: cluster });
  const federation = await made('/v1/federations', {
    name: 'one',
    hostcluster_id: cluster,
    properties: { 'dns-zone': 'example.org' },
  });
  await made('/v1/quotas', { project_id: project, hard_limit: 50 }, admin);
  const same = { bay: cluster, baymodel: template, keypair: keypairOf, resource: 'Cluster' };
  const unlimited = seedId('project service');
  return { ...same, unlimited, template, published, cluster, nodegroup, federation, diagnostic, project };
}

/** So that another may be asked for; there is no bundle. */
async function endDiagnostic({ db }: ApiFixture, uuid: string): Promise<void> {
  await db.transaction('test', (trx) => diagnostics.update(trx, { uuid }, { state: 'failed', openKey: undefined }));
}

/** Of the project, and for everybody to see. */
async function publishedTemplate(owner: ApiClient, admin: ApiClient, name: string): Promise<string> {
  const uuid = await makeTemplate(owner, { name: `${name}-published` });
  const answer = await admin.patch(`/v1/clustertemplates/${uuid}`, [{ op: 'replace', path: '/public', value: true }]);
  if (answer.status !== 200) throw new Error(`Not published: ${JSON.stringify(answer.body)}`);
  return uuid;
}
