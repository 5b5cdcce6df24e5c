import { type NodeGroup, nodeGroups } from '../../common/db/node-groups.js';
import { type Node, nodes } from '../../common/db/nodes.js';
import { Scenario } from './scenario.js';

let scenario: Scenario;

afterEach(() => scenario.stop());

const PATH = '/clusters/c/nodegroups';

async function ready(options: Parameters<typeof Scenario.start>[0] = {}): Promise<void> {
  scenario = await Scenario.start(options);
  await scenario.create({ node_count: 1 });
  expect(await scenario.settled()).toMatchObject({ status: 'CREATE_COMPLETE' });
}

const create = (order: object = {}) => scenario.expectStatus('POST', PATH, { name: 'gpu', ...order }, 202);
const remove = (group = 'gpu') => scenario.expectStatus('DELETE', `${PATH}/${group}`, undefined, 204);
const groups = () => scenario.world.db.read('check', (query) => nodeGroups.list(query, {}));
const groupNamed = async (name: string) => (await groups()).find((group) => group.name === name);
const membersOf = async (group: NodeGroup | undefined): Promise<Node[]> =>
  scenario.world.db.read('check', (query) => nodes.list(query, { nodeGroupId: group?.uuid ?? '' }));
const servers = () => [...scenario.world.cloud.state.compute.servers.values()].map(({ name }) => name);
const statuses = async () => (await groups()).map(({ name, status }) => `${name} ${status}`);

async function deleteCluster(): Promise<void> {
  await scenario.delete();
  await scenario.until((cluster) => cluster === undefined);
  expect(scenario.leftovers()).toEqual({});
}

describe('a node group', () => {
  it('comes with machines of its own flavor, image and zone, and goes with all of them', async () => {
    await ready();
    const before = servers();

    await create({
      node_count: 2,
      role: 'batch',
      flavor_id: 'm1.medium',
      image_id: 'flatcar',
      labels: { availability_zone: 'edge' },
      docker_volume_size: 3,
    });
    const during = await scenario.cluster();
    const after = await scenario.settled();

    const group = await groupNamed('gpu');
    const members = await membersOf(group);
    const made = [...scenario.world.cloud.state.compute.servers.values()].filter(({ name }) => !before.includes(name));
    expect(during?.status).toBe('UPDATE_IN_PROGRESS');
    expect(after).toMatchObject({ status: 'UPDATE_COMPLETE', statusReason: undefined, healthStatus: 'HEALTHY' });
    expect(await statuses()).toEqual([
      'default-master CREATE_COMPLETE',
      'default-worker CREATE_COMPLETE',
      'gpu CREATE_COMPLETE',
    ]);
    expect(members.map(({ ready: isReady, role }) => [isReady, role])).toEqual(Array(2).fill([true, 'batch']));
    expect(made.map(({ flavorId, availabilityZone }) => [flavorId, availabilityZone])).toEqual(
      Array(2).fill(['3', 'edge']),
    );
    for (const { userData } of made) {
      expect(JSON.parse(Buffer.from(userData, 'base64').toString()).ignition.version).toBe('3.4.0');
    }

    await remove();
    expect(await scenario.settled()).toMatchObject({ status: 'UPDATE_COMPLETE', healthStatus: 'HEALTHY' });

    expect(await groupNamed('gpu')).toBeUndefined();
    expect(servers().toSorted()).toEqual(before.toSorted());
    expect(scenario.leftovers().volumes ?? []).toEqual([]);
    expect(Object.values(scenario.leftovers()).flat().join()).not.toContain('gpu');
    const kinds = await scenario.eventKinds();
    expect(kinds.filter((kind) => kind === 'node_left')).toHaveLength(2);
    expect(kinds).toContain('node_group_removed');
    await deleteCluster();
  });

  it('is drained before it goes', async () => {
    await ready();
    await create();
    await scenario.settled();

    await remove();
    await scenario.settled();

    const operation = (await scenario.operations()).at(-1);
    const phases = operation?.progress.map(({ phase }) => phase) ?? [];
    expect(operation).toMatchObject({ kind: 'delete_node_group', status: 'succeeded' });
    expect(phases.indexOf('drain_nodes')).toBeGreaterThan(0);
    expect(phases.indexOf('drain_nodes')).toBeLessThan(phases.indexOf('node_stacks'));
  });

  it('may be made again under the same name', async () => {
    await ready();
    for (const _round of [1, 2]) {
      await create();
      expect(await scenario.settled()).toMatchObject({ status: 'UPDATE_COMPLETE' });
      expect(servers()).toHaveLength(3);
      await remove();
      expect(await scenario.settled()).toMatchObject({ status: 'UPDATE_COMPLETE' });
    }

    expect(servers()).toHaveLength(2);
    await deleteCluster();
  });

  it('is there at the end of what took the place of its create', async () => {
    await ready();

    await create();
    await create({ name: 'more', node_count: 0 });
    await scenario.resize({ node_count: 2 });

    expect(await scenario.settled()).toMatchObject({ status: 'UPDATE_COMPLETE' });
    expect(await statuses()).toEqual([
      'default-master CREATE_COMPLETE',
      'default-worker UPDATE_COMPLETE',
      'gpu CREATE_COMPLETE',
      'more CREATE_COMPLETE',
    ]);
    expect(servers()).toHaveLength(4);
  });

  it('is gone at the end of what took the place of its delete', async () => {
    await ready();
    await create();
    await scenario.settled();

    await remove();
    await scenario.world.clock.advance(500);
    await scenario.resize({ node_count: 2 });

    expect(await scenario.settled()).toMatchObject({ status: 'UPDATE_COMPLETE' });
    expect(await groupNamed('gpu')).toBeUndefined();
    expect(servers()).toHaveLength(3);
  });

  it('deleted before its create has begun leaves no machine', async () => {
    await ready();

    await create();
    await remove();

    expect(await scenario.settled()).toMatchObject({ status: 'UPDATE_COMPLETE' });
    expect(await groupNamed('gpu')).toBeUndefined();
    expect(servers()).toHaveLength(2);
    await deleteCluster();
  });
});

describe('a node group that could not be made', () => {
  const failStep = (node: string, step: string) =>
    node.includes('-gpu-') && step === 'docker-install' ? 'E: Unable to locate package docker.io' : undefined;

  it('tells why, on the group and on the cluster, and is deleted', async () => {
    await ready({ nodes: { failStep } });

    await create({ node_count: 2 });
    const failed = await scenario.settled();

    const why = expect.stringMatching(/^\[node_step_failed\] Step docker-install of node c-\w+-gpu-/);
    expect(failed).toMatchObject({ status: 'UPDATE_FAILED', statusReason: why });
    expect(await groupNamed('gpu')).toMatchObject({ status: 'CREATE_FAILED', statusReason: why });
    expect(await groupNamed('default-worker')).toMatchObject({ status: 'CREATE_COMPLETE', statusReason: undefined });
    await remove();
    expect(await scenario.settled()).toMatchObject({ status: 'UPDATE_COMPLETE', statusReason: undefined });
    expect(await groupNamed('gpu')).toBeUndefined();
    expect(servers()).toHaveLength(2);
    await deleteCluster();
  });

  it('goes with its cluster', async () => {
    await ready({ nodes: { failStep } });
    await create();
    expect(await scenario.settled()).toMatchObject({ status: 'UPDATE_FAILED' });

    await deleteCluster();
  });

  it('for want of quota is there after a resize to what there is room for', async () => {
    await ready();
    await create({ node_count: 3 });
    scenario.world.cloud.quotas.order(scenario.projectId, { instances: 3 });
    expect((await scenario.settled())?.statusReason).toMatch(/^\[quota_exceeded\] /);
    expect(await groupNamed('gpu')).toMatchObject({ status: 'CREATE_FAILED' });

    await scenario.resize({ nodegroup: 'gpu', node_count: 1 });

    expect(await scenario.settled()).toMatchObject({ status: 'UPDATE_COMPLETE' });
    expect(await statuses()).toContain('gpu UPDATE_COMPLETE');
    await deleteCluster();
  });

  it('is well when the resize of another group has brought it to what was wanted', async () => {
    await ready();
    await create();
    scenario.world.cloud.quotas.order(scenario.projectId, { instances: 2 });
    expect(await scenario.settled()).toMatchObject({ status: 'UPDATE_FAILED' });
    scenario.world.cloud.quotas.order(scenario.projectId, { instances: 10 });

    await scenario.resize({ node_count: 1 });

    expect(await scenario.settled()).toMatchObject({ status: 'UPDATE_COMPLETE' });
    expect(await groupNamed('gpu')).toMatchObject({ status: 'CREATE_COMPLETE', statusReason: undefined });
  });

  it('since its image lost its distribution is deleted all the same', async () => {
    await ready();
    const image = [...scenario.world.cloud.state.images.values()].find(({ name }) => name === 'flatcar');
    if (image === undefined) throw new Error('the seed has no image flatcar');
    await create({ image_id: 'flatcar' });
    scenario.world.cloud.state.images.set(image.id, { ...image, os_distro: 'plan9' });
    expect((await scenario.settled())?.statusReason).toMatch(/^\[image_unsupported\] /);

    await remove();

    expect(await scenario.settled()).toMatchObject({ status: 'UPDATE_COMPLETE' });
    expect(await groupNamed('gpu')).toBeUndefined();
  });
});

it('A delete that failed is tried again', async () => {
  await ready({ settings: { BAYOU_CLUSTER_HEAT__DELETE_TIMEOUT: '10' } });
  await create();
  await scenario.settled();
  scenario.world.cloud.faults.order({
    service: 'orchestration',
    method: 'DELETE',
    times: 100_000,
    action: { status: 503 },
  });

  await remove();
  const failed = await scenario.settled();
  const group = await groupNamed('gpu');
  scenario.world.cloud.faults.clear();
  await remove();

  expect(failed?.status).toBe('UPDATE_FAILED');
  expect(group).toMatchObject({
    status: 'DELETE_FAILED',
    statusReason: expect.stringContaining('[cloud_unavailable]'),
  });
  expect(await scenario.settled()).toMatchObject({ status: 'UPDATE_COMPLETE' });
  expect(await groupNamed('gpu')).toBeUndefined();
  await deleteCluster();
});
