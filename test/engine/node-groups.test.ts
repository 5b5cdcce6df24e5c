import { nodeGroups } from '../../common/db/node-groups.js';
import { nodes } from '../../common/db/nodes.js';
import { Scenario, TEMPLATE } from './scenario.js';

let scenario: Scenario;

afterEach(() => scenario.stop());

/** A third group, as the owner of a cluster would make it; the next operation brings it to its count. */
async function addGroup(more: object): Promise<void> {
  await scenario.world.db.transaction('third group', async (trx) => {
    const [worker] = (await nodeGroups.list(trx, {})).filter(({ role }) => role === 'worker');
    if (worker === undefined) throw new Error('the cluster has no default group of workers');
    const { id: _id, ...copied } = worker;
    const uuid = 'aaaaaaaa-0000-4000-8000-000000000000';
    const own = { uuid, name: 'Ingress nodes', isDefault: false, nextOrdinal: 0, nodeCount: 2 };
    await nodeGroups.insert(trx, { ...copied, ...own, ...more });
  });
}

async function created(order: object, template = TEMPLATE): Promise<void> {
  scenario = await Scenario.start({}, template);
  await scenario.create(order);
  expect(await scenario.settled()).toMatchObject({ status: 'CREATE_COMPLETE' });
}

const servers = () => [...scenario.world.cloud.state.compute.servers.values()];
const volumes = () => [...scenario.world.cloud.state.volumes.values()];

describe('a further node group', () => {
  it('has machines of its own flavor, image, zone, volume and role in the same Swarm', async () => {
    await created({ node_count: 1 });
    await addGroup({
      role: 'ingress',
      flavorId: 'm1.medium',
      imageId: 'ubuntu-22.04',
      dockerVolumeSize: 7,
      labels: { availability_zone: 'edge', docker_volume_type: 'files' },
    });

    await scenario.resize({ node_count: 1 });
    const cluster = await scenario.settled();

    const own = servers().filter(({ name }) => name.includes('-ingress-node-'));
    const image = [...scenario.world.cloud.state.images.values()].find(({ name }) => name === 'ubuntu-22.04');
    expect(cluster).toMatchObject({ status: 'UPDATE_COMPLETE', healthStatus: 'HEALTHY' });
    expect(own).toHaveLength(2);
    for (const server of own) {
      expect(server).toMatchObject({ flavorId: '3', imageId: image?.id, availabilityZone: 'edge' });
    }
    expect(volumes()).toMatchObject([
      { sizeGib: 7, volumeType: 'files', availabilityZone: 'edge', serverId: expect.any(String) },
      { sizeGib: 7, volumeType: 'files', availabilityZone: 'edge', serverId: expect.any(String) },
    ]);
    const rows = await scenario.world.db.read('check', (query) => nodes.list(query, { role: 'ingress' }));
    expect(rows.map(({ nodeData, orchestrator }) => [nodeData.steps, orchestrator.role])).toEqual(
      Array(2).fill([['node-volume', 'docker-install', 'docker-configure', 'swarm-join', 'node-ready'], 'worker']),
    );
  });

  it('is resized by its name, and goes with the cluster', async () => {
    await created({ node_count: 1 });
    await addGroup({ nodeCount: 1 });
    await scenario.resize({ node_count: 1 });
    await scenario.settled();

    await scenario.resize({ nodegroup: 'Ingress nodes', node_count: 0 });
    await scenario.settled();
    expect(servers()).toHaveLength(2);
    await scenario.delete();
    await scenario.until((cluster) => cluster === undefined);

    expect(scenario.leftovers()).toEqual({});
  });
});

describe('distributions', () => {
  it.each(['flatcar', 'fedora-coreos'])('set up by Ignition come up: %s', async (image) => {
    await created({ node_count: 1, docker_volume_size: 5 }, { ...TEMPLATE, image_id: image });

    expect(servers().map(({ userData }) => JSON.parse(Buffer.from(userData, 'base64').toString()).ignition)).toEqual(
      Array(2).fill({ version: '3.4.0' }),
    );
  });

  it('may differ between the groups of one cluster', async () => {
    await created({ node_count: 1 });
    await addGroup({ imageId: 'flatcar', nodeCount: 1 });

    await scenario.resize({ node_count: 1 });

    expect(await scenario.settled()).toMatchObject({ status: 'UPDATE_COMPLETE', healthStatus: 'HEALTHY' });
  });

  it('that the driver does not serve are told by name', async () => {
    await created({ node_count: 1 });
    const image = [...scenario.world.cloud.state.images.values()].find(({ name }) => name === 'plain');
    if (image !== undefined) scenario.world.cloud.state.images.set(image.id, { ...image, os_distro: 'plan9' });
    await addGroup({ imageId: 'plain' });

    await scenario.resize({ node_count: 1 });

    expect((await scenario.settled())?.statusReason).toMatch(/^\[image_unsupported\] image plain has os_distro plan9/);
  });
});

describe('volumes for Docker', () => {
  it('are made for every node, known to it, and gone with it', async () => {
    await created({ node_count: 2, docker_volume_size: 5, labels: { docker_volume_type: 'lvm' } });

    const made = volumes();
    expect(made.map(({ sizeGib, volumeType }) => [sizeGib, volumeType])).toEqual(Array(3).fill([5, 'lvm']));
    for (const { id, serverId } of made) {
      const server = servers().find((each) => each.id === serverId);
      expect(Buffer.from(server?.userData ?? '', 'base64').toString()).toContain(id);
    }
    await scenario.resize({ node_count: 1 });
    await scenario.settled();
    expect(volumes()).toHaveLength(2);
    await scenario.delete();
    await scenario.until((cluster) => cluster === undefined);

    expect(scenario.leftovers()).toEqual({});
  });

  it('of a type that Cinder does not have, where it does not let us look, fail with its words', async () => {
    scenario = await Scenario.start();
    scenario.world.cloud.faults.order({ service: 'block-storage', path: '/types', action: { status: 403 } });
    await scenario.create({ docker_volume_size: 5, labels: { docker_volume_type: 'gold' } });

    expect((await scenario.settled())?.statusReason).toMatch(/^\[stack_rejected\] .*The VolumeType \(gold\)/);
  });
});

describe('settings of a template', () => {
  it('reach the nodes as they are', async () => {
    const settings = {
      http_proxy: 'http://proxy:3128',
      https_proxy: 'http://proxy:3129',
      no_proxy: '10.0.0.0/8',
      insecure_registry: 'registry:5000',
      docker_storage_driver: 'overlay2',
      tls_disabled: true,
    };
    await created({ node_count: 0 }, { ...TEMPLATE, ...settings });

    const [manager] = await scenario.world.db.read('check', (query) => nodes.list(query, {}));
    expect(manager?.nodeData.settings).toMatchObject({
      http_proxy: 'http://proxy:3128',
      https_proxy: 'http://proxy:3129',
      no_proxy: '10.0.0.0/8',
      insecure_registry: 'registry:5000',
      storage_driver: 'overlay2',
      tls_disabled: true,
      api_port: 2375,
    });
    expect(manager?.certificateProfiles).toEqual({});
    expect((await scenario.cluster())?.apiAddress).toMatch(/^tcp:\/\/172\.24\.4\.\d+:2375$/);
  });

  it.each([
    [{ docker_storage_driver: 'devicemapper', docker_volume_size: 10 }, 'docker_storage_driver: must be one of'],
    [{ labels: { master_lb_provider: 'f5' } }, 'labels.master_lb_provider: \\"f5\\" is not one of octavia, haproxy'],
  ])('that can not be kept are refused: %j', async (more, words) => {
    scenario = await Scenario.start();

    const answer = await scenario.expectStatus('POST', '/clustertemplates', { ...TEMPLATE, name: 'x', ...more }, 400);

    expect(JSON.stringify(answer)).toContain(words);
  });
});
