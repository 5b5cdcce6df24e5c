import { seedId } from '../../devstack/devcloud/seed-id.js';
import { type ApiClient, type ApiFixture, startApi } from '../support/api-fixture.js';
import { makeCluster, settle } from '../support/orders.js';
import { DATABASE_KINDS } from '../support/test-database.js';

const DEMO = seedId('project demo');
const ALT = seedId('project alt');

describe.each(DATABASE_KINDS)('Over %s, statistics', (database) => {
  let api: ApiFixture;
  let demo: ApiClient;
  let admin: ApiClient;
  beforeEach(async () => {
    api = await startApi({ database });
    [demo, admin] = await Promise.all([api.as('demo'), api.as('admin')]);
  });
  afterEach(() => api.stop());

  it('count clusters of any status, and masters and workers of all their groups', async () => {
    const empty = { clusters: 0, nodes: 0 };
    expect((await demo.get('/v1/stats')).body).toEqual(empty);
    const uuid = await makeCluster(demo, { master_count: 1, node_count: 3 });
    await settle(api.db, uuid, 'UPDATE_COMPLETE', { apiAddress: 'tcp://172.24.4.5:2376' });
    const group = { name: 'more', node_count: 2 };
    expect((await demo.at('latest').post(`/v1/clusters/${uuid}/nodegroups`, group)).status).toBe(202);
    await settle(api.db, uuid, 'UPDATE_FAILED');

    const own = { clusters: 1, nodes: 6 };
    const paths = ['/v1/stats', `/v1/stats?project_id=${DEMO}`, '/v1/stats?type=Cluster', '/v1/stats/'];
    for (const path of paths) {
      expect([path, (await demo.get(path)).body]).toEqual([path, own]);
      expect([path, (await admin.get(path)).body]).toEqual([path, own]);
    }
    expect((await admin.get(`/v1/stats?project_id=${ALT}`)).body).toEqual(empty);
    expect((await (await api.as('alt_demo', 'alt')).get('/v1/stats')).body).toEqual(empty);
  });

  it('of another project are for admins, and there are none of other things', async () => {
    expect((await demo.get(`/v1/stats?project_id=${ALT}`)).status).toBe(403);
    expect((await demo.get('/v1/stats?type=node')).status).toBe(400);
    expect((await demo.get('/v1/stats?kind=cluster')).status).toBe(400);
    expect((await api.anonymous.get('/v1/stats')).status).toBe(401);
  });
});
