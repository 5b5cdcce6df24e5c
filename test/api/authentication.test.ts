import { ensureAuthority } from '../../common/authorities.js';
import { clusters } from '../../common/db/clusters.js';
import { seedId } from '../../devstack/devcloud/seed-id.js';
import { type ApiFixture, accountToken, startApi, tokenOf } from '../support/api-fixture.js';
import { makeCluster } from '../support/orders.js';

let api: ApiFixture;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.stop());

const keystoneFault = (times: number, status = 503) =>
  api.cloud.faults.order({ service: 'identity', method: 'GET', path: '/auth/tokens', times, action: { status } });

describe('Authentication', () => {
  it.each([undefined, '', 'unknown', 'a b', 'x'.repeat(40_000)])('refuses the token %s with a 401', async (token) => {
    const client = token === undefined ? api.anonymous : api.anonymous.with({ 'X-Auth-Token': token });

    const { status, headers, body } = await client.get('/v1/clusters');

    expect(status).toBe(401);
    expect(headers['www-authenticate']).toBe(`Keystone uri="${api.cloud.url}"`);
    expect(body.errors[0]).toMatchObject({ code: '', status: 401, request_id: '' });
  });

  it('tells nothing of paths to those who do not say who they are', async () => {
    expect((await api.anonymous.get('/v1/nothing')).status).toBe(401);
    expect((await api.anonymous.send('PUT', '/v1/clusters')).status).toBe(401);
  });

  it('asks Keystone once for many requests with one token', async () => {
    const demo = await api.as('demo');
    await demo.get('/v1/clusters');
    keystoneFault(1);

    const answers = await Promise.all(Array.from({ length: 10 }, () => demo.get('/v1/clusters')));

    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200));
    expect(api.cloud.faults.left()).toBe(1);
  });

  it('shares one look-up among requests at the same time', async () => {
    const demo = await api.as('demo');
    keystoneFault(1);

    const answers = await Promise.all(Array.from({ length: 5 }, () => demo.get('/v1/clusters')));

    expect(answers.map(({ status }) => status)).toEqual(Array(5).fill(503));
    expect((await demo.get('/v1/clusters')).status).toBe(200);
  });

  it('asks Keystone again when the cache time is over', async () => {
    const demo = await api.as('demo');
    await demo.get('/v1/clusters');
    await api.clock.advance(300_000);
    keystoneFault(1);

    expect((await demo.get('/v1/clusters')).status).toBe(503);
  });

  it('trusts no token beyond its own end', async () => {
    const demo = await api.as('demo');
    await api.clock.advance(3_500_000);
    expect((await demo.get('/v1/clusters')).status).toBe(200);

    await api.clock.advance(110_000);

    expect((await demo.get('/v1/clusters')).status).toBe(401);
  });

  it.each([500, 503, 401])('answers 503 with Retry-After when Keystone answers %s to Bayou itself', async (status) => {
    const demo = await api.as('demo');
    keystoneFault(5, status);

    const answer = await demo.get('/v1/clusters');

    expect(answer.status).toBe(503);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    expect(answer.body.errors[0]).toMatchObject({ code: 'server', status: 503 });
  });

  it('answers 503 when Keystone is gone', async () => {
    const demo = await api.as('demo');
    api.cloud.faults.order({ service: 'identity', times: 5, action: 'cut' });

    expect((await demo.get('/v1/clusters')).status).toBe(503);
  });

  it('believes no identity header from outside', async () => {
    const demo = await api.as('demo');
    await makeCluster(demo);
    const forged = {
      'X-Identity-Status': 'Confirmed',
      'X-User-Id': seedId('user demo'),
      'X-Project-Id': seedId('project demo'),
      'X-Roles': 'admin',
      'X-Is-Admin-Project': 'True',
    };
    const alt = await api.as('alt_demo', 'alt');

    const list = await alt.with(forged).get('/v1/clusters');
    const services = await alt.with(forged).get('/v1/mservices');

    expect(list.body.clusters).toEqual([]);
    expect(services.status).toBe(403);
    expect((await api.anonymous.with(forged).get('/v1/clusters')).status).toBe(401);
  });
});

describe("A cluster's own account, with an unscoped token", () => {
  it('gets the CA and signing of its own cluster and nothing else', async () => {
    const demo = await api.as('demo');
    const own = await makeCluster(demo, { name: 'own' });
    const other = await makeCluster(demo, { name: 'other' });
    const project = seedId('project demo');
    const account = await accountToken(api.cloud, own, project);
    await api.db.transaction('test', (trx) => clusters.update(trx, { uuid: own }, { accountUserId: account.userId }));
    for (const owner of [own, other]) {
      await ensureAuthority(api.db, api, { owner, name: 'cluster', commonName: owner, days: 10 });
    }
    const node = api.anonymous.with({ 'X-Auth-Token': account.token });

    expect((await node.get(`/v1/certificates/${own}`)).status).toBe(200);
    expect((await node.get(`/v1/certificates/${other}`)).status).toBe(403);
    expect((await node.get('/v1/clusters')).status).toBe(403);
    expect((await node.get(`/v1/clusters/${own}`)).status).toBe(403);
    expect((await node.delete(`/v1/clusters/${own}`)).status).toBe(403);
    expect((await node.post('/v1/clusters', {})).status).toBe(403);
  });

  it('of a user elsewhere gives no project', async () => {
    await makeCluster(await api.as('demo'));
    const unscoped = api.anonymous.with({ 'X-Auth-Token': await tokenOf(api.cloud, 'demo', undefined) });

    const { status, body } = await unscoped.get('/v1/clusters');

    expect(status).toBe(200);
    expect(body.clusters).toHaveLength(1);
    expect((await unscoped.post('/v1/clusters', { cluster_template_id: 'swarm' })).status).toBe(403);
  });
});
