import { type ApiClient, type ApiFixture, startApi } from '../support/api-fixture.js';
import { makeCluster, makeTemplate, templateOf } from '../support/orders.js';

/** What the real clients send and need, where it is more than the reference says. */

let api: ApiFixture;
let demo: ApiClient;
beforeEach(async () => {
  api = await startApi({ clusterTypes: { settledLabels: () => ({ kube_tag: 'v1.20.2' }) } });
  demo = await api.as('demo');
});
afterEach(() => api.stop());

const show = async (uuid: string) => (await demo.get(`/v1/clusters/${uuid}`)).body;

describe('Horizon sends everything as text', () => {
  it('of a template', async () => {
    const { status, body } = await demo.post('/v1/clustertemplates', {
      ...templateOf(),
      server_type: '',
      docker_volume_size: '5',
      apiserver_port: '',
      dns_nameserver: '',
      http_proxy: '',
      labels: { a: '1' },
      master_lb_enabled: 'True',
      floating_ip_enabled: 'False',
      public: 'False',
      tags: '',
    });

    expect(status).toBe(201);
    expect(body).toMatchObject({
      server_type: 'vm',
      docker_volume_size: 5,
      apiserver_port: null,
      dns_nameserver: null,
      http_proxy: null,
      master_lb_enabled: true,
      floating_ip_enabled: false,
      public: false,
      tags: null,
    });
  });

  it('of a cluster', async () => {
    const uuid = await makeCluster(demo, {
      node_count: '2',
      master_count: '1',
      create_timeout: '15',
      discovery_url: '',
      docker_volume_size: '',
      fixed_network: '',
      flavor_id: '',
      keypair: '',
      master_lb_enabled: '',
      floating_ip_enabled: 'True',
      merge_labels: 'False',
    });

    expect(await show(uuid)).toMatchObject({
      node_count: 2,
      create_timeout: 15,
      discovery_url: null,
      keypair: 'demo',
      flavor_id: 'm1.small',
      master_lb_enabled: false,
    });
  });
});

it('magnumclient sends null for what was not said', async () => {
  const open = ['keypair', 'discovery_url', 'docker_volume_size', 'flavor_id', 'fixed_network', 'master_lb_enabled'];
  const uuid = await makeCluster(demo, { ...Object.fromEntries(open.map((name) => [name, null])), labels: {} });

  expect(await show(uuid)).toMatchObject({ keypair: 'demo', docker_volume_size: null, flavor_id: 'm1.small' });
});

describe('Terraform', () => {
  const maps = ({ labels, labels_overridden, labels_added, labels_skipped }: Record<string, unknown>) => ({
    labels,
    labels_overridden,
    labels_added,
    labels_skipped,
  });

  it.each([
    [{ labels: { a: 9, d: true }, merge_labels: 'true' }, { a: '9', b: '2', d: 'true' }, { a: '1' }, { d: 'true' }, {}],
    [{ labels: { a: '9' } }, { a: '9' }, { a: '1' }, {}, { b: '2' }],
    [{ labels: {} }, { a: '1', b: '2' }, {}, {}, {}],
    [{}, { a: '1', b: '2' }, {}, {}, {}],
  ])('rebuilds its labels from the maps: %j', async (order, labels, overridden, added, skipped) => {
    const template = await makeTemplate(demo, { labels: { a: '1', b: '2' } });
    const uuid = await makeCluster(demo, { cluster_template_id: template, ...order });

    const expected = { labels, labels_overridden: overridden, labels_added: added, labels_skipped: skipped };
    expect(maps(await show(uuid))).toEqual(expected);
    expect(maps((await demo.get('/v1/clusters/detail')).body.clusters[0])).toEqual(expected);
  });

  it('finds no label that nobody ordered, although the cluster keeps one', async () => {
    const uuid = await makeCluster(demo, { labels: { a: '1' } });

    expect((await demo.get('/v1/clusters')).body.clusters[0].labels).toEqual({ a: '1' });
    expect((await demo.get(`/v1/bays/${uuid}`)).body.labels).toEqual({ a: '1' });
    const named = await makeCluster(demo, { name: 'named', labels: { kube_tag: 'v1.20.2' } });
    expect((await show(named)).labels).toEqual({ kube_tag: 'v1.20.2' });
  });
});

describe('Lists', () => {
  it.each([
    ['clusters', ['coe_version', 'docker_volume_size', 'master_lb_enabled', 'api_address', 'status_reason']],
    ['clustertemplates', ['flavor_id', 'network_driver', 'public', 'cluster_distro', 'tags', 'docker_volume_size']],
  ])('of %s are sorted by any column that is shown', async (collection, keys) => {
    await makeCluster(demo);
    for (const key of keys) {
      const { status, body } = await demo.get(`/v1/${collection}/?sort_key=${key}&sort_dir=desc&limit=1`);
      expect([status, body.next]).toEqual([200, expect.stringContaining(`sort_key=${key}&sort_dir=desc`)]);
      expect((await demo.get(body.next.slice(api.url.length))).body).toEqual({ [collection]: [] });
    }
  });
});

it('Clients of 2022 find stack_id where 1.12 is the highest version offered', async () => {
  const uuid = await makeCluster(demo);
  expect((await demo.at('latest').get(`/v1/clusters/${uuid}`)).body).toHaveProperty('cluster_id');
  await api.stop();

  api = await startApi({ settings: { BAYOU_API__HIGHEST_MICROVERSION: '1.12' } });
  demo = await api.as('demo');
  const { body, headers } = await demo.at('latest').get(`/v1/clusters/${await makeCluster(demo)}`);
  expect(body).toHaveProperty('stack_id');
  expect(body).not.toHaveProperty('cluster_id');
  expect(headers['openstack-api-maximum-version']).toBe('container-infra 1.12');
});

describe('tempest sends what is no patch', () => {
  it.each(['clusters', 'clustertemplates', 'baymodels'])(
    'to %s that are not there, and is told that first',
    async (kind) => {
      const path = `/v1/${kind}/6ad5b1fb-45ce-4b4b-a1c1-5a7f1ba2a9d7`;

      const notUnderstood = await demo.patch(path, { name: 'changed' });
      const understood = await demo.patch(path, [{ op: 'replace', path: '/name', value: 'changed' }]);

      expect([notUnderstood.status, understood.status]).toEqual([400, 404]);
    },
  );
});
