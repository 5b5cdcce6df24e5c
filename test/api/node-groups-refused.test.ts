import { operations } from '../../common/db/operations.js';
import { type ApiClient, type ApiFixture, startApi } from '../support/api-fixture.js';
import { makeCluster, settle } from '../support/orders.js';

const TAINT = { key: 'dedicated', value: 'gpu', effect: 'NoSchedule' };

describe('Of node groups', () => {
  let api: ApiFixture;
  let demo: ApiClient;
  let cluster: string;
  beforeAll(async () => {
    api = await startApi({ clusterTypes: { schedulingProblems: () => [] } });
    demo = (await api.as('demo')).at('latest');
    cluster = await makeCluster(demo);
    await settle(api.db, cluster, 'CREATE_COMPLETE', { apiAddress: 'tcp://172.24.4.5:2376' });
  });
  afterAll(() => api.stop());

  const path = (group = '') => `/v1/clusters/${cluster}/nodegroups/${group}`;
  const operationCount = async () => (await api.db.read('test', (query) => operations.list(query, {}))).length;

  it.each([
    [{ name: undefined }, 400, 'name: missing'],
    [{ role: 'master' }, 400, 'role: there is one group of masters only'],
    [{ flavor_id: 'm9.huge' }, 400, 'flavor_id: [flavor_not_found] Flavor m9.huge could not'],
    [{ image_id: 'none' }, 400, 'image_id: [image_not_found] Image none could not be found'],
    [{ image_id: 'plain' }, 400, 'image_id: [image_without_os_distro] Image plain has no property'],
    [{ labels: { master_lb_provider: 'f5' } }, 400, 'labels.master_lb_provider: "f5" is not one of'],
    [
      { labels: { fixed_subnet_cidr: '10.9.0.0/24' } },
      400,
      'fixed_subnet_cidr: is of the whole cluster, which has "10.',
    ],
    [{ docker_volume_size: 0 }, 400, 'docker_volume_size: must be at least 1'],
    [{ project_id: 'another' }, 400, "project_id: must be the cluster's"],
    [{ stack_id: 'x' }, 400, 'stack_id: unknown or read-only attribute'],
    [{ flavor_id: 'm9.huge', role: 'master' }, 400, 'resize it; flavor_id: [flavor_not_found]'],
    [{ node_count: 1, min_node_count: 2 }, 409, 'min_node_count: 2 is more than the node_count 1'],
    [{ node_count: 3, max_node_count: 2 }, 409, 'max_node_count: 2 is less than the node_count 3'],
    [{ name: 'default-worker' }, 409, 'has a nodegroup default-worker already'],
    [{ node_taints: [{ key: 'a', effect: 'Never' }] }, 409, 'node_taints.0.effect: must be one of NoSchedule'],
    [{ node_taints: [{ ...TAINT, key: '-a' }] }, 409, 'node_taints.0.key: must be a name'],
    [{ node_taints: [{ ...TAINT, value: 'a b' }] }, 409, 'node_taints.0.value: must be empty, or'],
    [{ node_taints: [{ ...TAINT, more: 1 }] }, 409, 'node_taints.0.more: unknown'],
    [{ node_taints: [TAINT, TAINT] }, 409, 'node_taints.1: there is another NoSchedule of dedicated'],
    [{ node_taints: 'none' }, 409, 'node_taints: must be a list of taints'],
    [{ node_labels: { 'a//b': 'c' } }, 409, 'node_labels.a//b: the key must be a name'],
    [{ node_labels: { [`${'a.'.repeat(127)}b/c`]: '' } }, 409, 'the key must be a name'],
    [{ node_labels: { a: 'x'.repeat(64) } }, 409, 'node_labels.a: must be empty, or at most 63'],
    [{ node_labels: { 'node-role.kubernetes.io/master': '' } }, 409, 'this key is reserved by Kubernetes'],
    [{ node_labels: ['a'] }, 409, 'node_labels: must be an object'],
  ])('a create is refused, naming the field: %j', async (order, expected, words) => {
    const { status, body } = await demo.post(path(), { name: 'gpu', ...order });

    expect(status).toBe(expected);
    expect(body.errors[0].detail).toContain(words);
    expect(await operationCount()).toBe(1);
  });

  it.each([
    ['default-worker', '/node_count', 3, 400, 'resize the group instead'],
    ['default-worker', '/name', 'other', 400, 'can not be changed'],
    ['default-worker', '/role', 'other', 400, 'can not be changed'],
    ['default-worker', '/min_node_count', 3, 409, '3 is more than the node_count 2'],
    ['default-worker', '/max_node_count', 1, 409, '1 is less than the node_count 2'],
    ['default-worker', '/min_node_count', -1, 400, 'min_node_count: must be at least 0'],
    ['default-worker', '/node_taints', "[{'key': 'a'}]", 409, 'node_taints.0.effect: missing'],
    ['default-master', '/node_labels', "{'a': 'b'}", 409, 'masters have none of their own'],
    ['none', '/min_node_count', 1, 404, 'could not be found'],
  ])('a change is refused: %s %s = %j', async (group, at, value, expected, words) => {
    const { status, body } = await demo.patch(path(group), [{ op: 'replace', path: at, value }]);

    expect(status).toBe(expected);
    expect(body.errors[0].detail).toContain(words);
  });
});

it('Labels and taints are refused where the orchestrator has none', async () => {
  const api = await startApi();
  const demo = (await api.as('demo')).at('latest');
  const cluster = await makeCluster(demo);
  await settle(api.db, cluster, 'CREATE_COMPLETE', { apiAddress: 'tcp://172.24.4.5:2376' });

  const order = { name: 'gpu', node_labels: { a: 'b' }, node_taints: [TAINT] };
  const { status, body } = await demo.post(`/v1/clusters/${cluster}/nodegroups`, order);

  expect(status).toBe(409);
  expect(body.errors[0].detail).toMatch(/^node_labels: .* have none; node_taints: .* have none\.$/);
  await api.stop();
});
