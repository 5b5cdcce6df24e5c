import { cloudResources } from '../../common/db/cloud-resources.js';
import { clusters } from '../../common/db/clusters.js';
import { seedId } from '../../devstack/devcloud/seed-id.js';
import { type ApiClient, type ApiFixture, startApi, tokenOf } from '../support/api-fixture.js';
import { makeTemplate } from '../support/orders.js';

const TRUST = { BAYOU_TRUST__ACCOUNT_KIND: 'trust' };

let api: ApiFixture;
let demo: ApiClient;
afterEach(() => api.stop());

async function start(settings: Record<string, string> = {}): Promise<void> {
  api = await startApi({ settings: { ...TRUST, ...settings } });
  demo = await api.as('demo');
}

async function order(client = demo) {
  const template = await makeTemplate(demo);
  return client.post('/v1/clusters', { name: 'web', cluster_template_id: template });
}

function inventory() {
  return api.db.read('test', (query) => cloudResources.list(query, {}));
}

async function nothingWasMade(): Promise<void> {
  expect(api.cloud.everything()).toMatchObject({ users: [], trusts: [] });
  expect(await api.db.read('test', (query) => clusters.list(query, {}))).toEqual([]);
}

describe('Creating a cluster that works under a trust', () => {
  it('makes account and trust with the token of the creator and writes both down', async () => {
    await start();

    const { status, body } = await order();

    expect(status).toBe(202);
    const name = `${body.uuid}_${seedId('project demo')}`;
    const [trust] = api.cloud.state.identity.trusts.values();
    const cluster = await api.db.read('test', (query) => clusters.find(query, { uuid: body.uuid }));
    expect(api.cloud.everything()).toMatchObject({ users: [name], grants: [], trusts: [`demo ${name}`] });
    expect(cluster).toMatchObject({ accountKind: 'trust', trustId: trust?.id, accountUserId: trust?.trusteeUserId });
    expect(trust?.roleIds.toSorted()).toEqual(cluster?.accountRoles.toSorted());
    expect(await inventory()).toMatchObject([
      { type: 'user', name, state: 'present', cloudId: trust?.trusteeUserId, checkAt: undefined },
      { type: 'trust', name, state: 'present', cloudId: trust?.id },
    ]);
  });

  it('is refused with a token of an application credential, before anything is made', async () => {
    await start();
    const token = await tokenOf(api.cloud, 'demo', 'demo');
    const { tokens, applicationCredentials } = api.cloud.state.identity;
    const owner = { userId: seedId('user demo'), projectId: seedId('project demo') };
    applicationCredentials.set('of demo', { id: 'of demo', name: 'of demo', secret: 'secret', ...owner });
    Object.assign(tokens.get(token) ?? {}, { applicationCredentialId: 'of demo' });

    const { status, body } = await order(api.anonymous.with({ 'X-Auth-Token': token }));

    expect(status).toBe(403);
    expect(body.errors[0].title).toMatch(
      /^\[trust_needs_password\].*; user: log in with your password, or ask the operator/,
    );
    await nothingWasMade();
    expect(await inventory()).toEqual([]);
  });

  it('is refused to who lacks a role that the operator named', async () => {
    await start({ BAYOU_TRUST__ROLES: 'member,admin' });

    const { status, body } = await order();

    expect(status).toBe(403);
    expect(body.errors[0]).toMatchObject({
      title: expect.stringMatching(/^\[trust_role_missing\].*you lack the role admin/),
    });
    await nothingWasMade();
  });

  it('leaves no account when Keystone refuses the trust', async () => {
    await start();
    api.cloud.faults.order({ service: 'identity', method: 'POST', path: '/OS-TRUST/', action: { status: 403 } });

    const { status, body } = await order();

    expect(status).toBe(403);
    expect(body.errors[0].title).toMatch(/^\[trust_needs_password\] Keystone refused the trust/);
    await nothingWasMade();
  });

  it("does not take a refusal of the accounts' domain for one of the user", async () => {
    await start();
    api.cloud.faults.order({ service: 'identity', method: 'POST', path: '/users', action: { status: 403 } });

    const { status, body } = await order();

    expect(status).toBe(503);
    expect(body.errors[0]).toMatchObject({ title: expect.stringContaining('refuses the admin of the trustee domain') });
    await nothingWasMade();
  });

  it('leaves a tombstone of what it began when Keystone does not answer', async () => {
    await start();
    api.cloud.faults.order({ service: 'identity', method: 'POST', path: '/OS-TRUST/', action: 'cutAfter' });

    const { status } = await order();

    expect(status).toBe(503);
    const [account] = api.cloud.everything().users;
    expect(await inventory()).toMatchObject([
      { type: 'user', name: account, state: 'gone', checkAt: api.clock.now() + 3_600_000 },
    ]);
  });
});
