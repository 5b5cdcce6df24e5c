import { type ApiClient, type ApiFixture, startApi } from '../support/api-fixture.js';
import { makeCluster, makeTemplate, settle } from '../support/orders.js';
import { DATABASE_KINDS } from '../support/test-database.js';

describe.each(DATABASE_KINDS)('Over %s, a list', (database) => {
  let api: ApiFixture;
  let demo: ApiClient;
  let gold: string;
  let plain: string;
  beforeAll(async () => {
    api = await startApi({ database });
    demo = await api.as('demo');
    gold = await makeTemplate(demo, { name: 'gold', tags: 'fast, big_one,eu' });
    plain = await makeTemplate(demo, { name: 'plain', coe: 'swarm' });
    await makeCluster(demo, { name: 'one', cluster_template_id: gold });
    const two = await makeCluster(demo, { name: 'two', cluster_template_id: gold });
    const three = await makeCluster(demo, { name: 'three', cluster_template_id: plain });
    await settle(api.db, two, 'CREATE_COMPLETE', { healthStatus: 'HEALTHY' });
    await settle(api.db, three, 'CREATE_COMPLETE', { healthStatus: 'UNHEALTHY' });
  });
  afterAll(() => api.stop());

  async function namesOf(collection: string, query: string): Promise<string[]> {
    const { body } = await demo.get(`/v1/${collection}?${query}`);
    const [key = ''] = collection.split('/');
    return body[key].map(({ name }: { name: string }) => name);
  }

  test.each([
    ['name=two', ['two']],
    ['status=CREATE_COMPLETE', ['two', 'three']],
    ['health_status=HEALTHY', ['two']],
    ['status=CREATE_COMPLETE&health_status=UNHEALTHY', ['three']],
    ['tags=fast', ['one', 'two']],
    ['tags=eu,big_one', ['one', 'two']],
    ['tags=eu&status=CREATE_COMPLETE', ['two']],
    ['tags=as', []],
    ['tags=bigXone', []],
    ['tags=%25', []],
    ['name=', ['one', 'two', 'three']],
    ["name=' OR 1=1 --", []],
  ])('of clusters keeps to %s', async (query, expected) => {
    expect(await namesOf('clusters', query)).toEqual(expected);
    expect(await namesOf('clusters/detail', query)).toEqual(expected);
  });

  it('of clusters keeps to those of a template', async () => {
    expect(await namesOf('clusters', `cluster_template_id=${plain}`)).toEqual(['three']);
  });

  test.each([
    ['name=gold', ['gold']],
    ['coe=swarm', ['plain']],
    ['tags=big_one', ['gold']],
    ['tags=big_one&coe=swarm', []],
  ])('of templates keeps to %s', async (query, expected) => {
    expect(await namesOf('clustertemplates', query)).toEqual(expected);
    expect(await namesOf('clustertemplates/detail', query)).toEqual(expected);
  });

  it('says its filters again in the link to the next page, which holds although the last item has changed', async () => {
    const first = await demo.get('/v1/clusters?tags=fast,eu&status=CREATE_IN_PROGRESS&limit=1');
    expect(first.body.clusters).toMatchObject([{ name: 'one' }]);
    const next = new URL(first.body.next);
    expect(Object.fromEntries(next.searchParams)).toMatchObject({ tags: 'fast,eu', status: 'CREATE_IN_PROGRESS' });

    await settle(api.db, first.body.clusters[0].uuid, 'CREATE_COMPLETE');
    const second = await demo.get(next.pathname + next.search);

    expect(second.status).toBe(200);
    expect(second.body).toEqual({ clusters: [] });
  });

  it('refuses more tags than it looks at, and takes no other letter for the same', async () => {
    const many = Array.from({ length: 21 }, (_, index) => `t${index}`).join(',');
    await makeTemplate(demo, { name: 'tagged', tags: 'fast,small' });

    expect((await demo.get(`/v1/clustertemplates?tags=${many}`)).status).toBe(400);
    expect((await demo.get('/v1/clustertemplates?tags=small,fast')).body.clustertemplates).toHaveLength(1);
    expect((await demo.get('/v1/clustertemplates?tags=FAST')).body.clustertemplates).toEqual([]);
  });

  it('of clusters refuses what it does not know', async () => {
    expect((await demo.get('/v1/clusters?coe=swarm')).status).toBe(400);
    expect((await demo.get('/v1/clustertemplates?status=x')).status).toBe(400);
  });
});
