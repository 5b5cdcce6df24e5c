import { type Node, nodes } from '../../common/db/nodes.js';
import { KUBERNETES_TEMPLATE, Scenario } from './scenario.js';

let scenario: Scenario;

afterEach(() => scenario.stop());

const cloud = () => scenario.world.cloud.state;

function allNodes(): Promise<Node[]> {
  return scenario.world.db.read('check', (query) => nodes.list(query, {}));
}

async function deleted(): Promise<void> {
  await scenario.delete();
  await scenario.until((cluster) => cluster === undefined);
  expect(scenario.leftovers()).toEqual({});
}

describe('the volume of etcd', () => {
  it('is one for each master, beside that of containers, known to it, and gone with it', async () => {
    scenario = await Scenario.start({}, KUBERNETES_TEMPLATE);
    const labels = { docker_volume_type: 'lvm', etcd_volume_size: '2', etcd_volume_type: 'files' };
    await scenario.create({ docker_volume_size: 5, labels, master_count: 3, master_lb_enabled: true, node_count: 1 });
    expect(await scenario.settled()).toMatchObject({ status: 'CREATE_COMPLETE', statusReason: undefined });

    const volumes = [...cloud().volumes.values()].map(({ id, serverId, sizeGib, volumeType }) => {
      const server = cloud().compute.servers.get(serverId ?? '');
      expect(Buffer.from(server?.userData ?? '', 'base64').toString()).toContain(id);
      return `${server?.name.replace(/^c-\w+-/, '')} ${volumeType} ${sizeGib}`;
    });
    const firstSteps = (await allNodes()).map(({ steps }) =>
      steps
        .map(({ name }) => name)
        .slice(0, 3)
        .join(' '),
    );
    expect(volumes.sort()).toEqual([
      ...[0, 1, 2].flatMap((index) => [`master-${index} files 2`, `master-${index} lvm 5`]),
      'worker-0 lvm 5',
    ]);
    expect(firstSteps.sort()).toEqual([
      ...Array(3).fill('node-volume etcd-volume software'),
      'node-volume software container-runtime',
    ]);
    await deleted();
  });

  it('is none where it is left out, and of no size that is none', async () => {
    scenario = await Scenario.start({}, KUBERNETES_TEMPLATE);
    const order = { name: 'c', cluster_template_id: 'kubernetes', labels: { etcd_volume_size: '-1' } };
    const refused = await scenario.expectStatus('POST', '/clusters', order, 400);
    await scenario.create({ node_count: 0, labels: { etcd_volume_size: '0' } });

    expect(await scenario.settled()).toMatchObject({ status: 'CREATE_COMPLETE' });
    expect(JSON.stringify(refused)).toContain('labels.etcd_volume_size: \\"-1\\" is not a whole number from 0');
    expect(cloud().volumes.size).toBe(0);
  });
});

describe('bare metal', () => {
  const BARE_METAL = { ...KUBERNETES_TEMPLATE, server_type: 'bm', floating_ip_enabled: false };
  const NETWORK = { fixed_network: 'private', fixed_subnet: 'private-subnet' };

  it.each(['debian-12', 'flatcar'])(
    'comes up in the network that it stands in, and leaves nothing behind: %s',
    async (image) => {
      const template = { ...BARE_METAL, ...NETWORK, image_id: image };
      scenario = await Scenario.start({}, template);
      await scenario.create({ node_count: 2 });

      expect(await scenario.settled()).toMatchObject({ status: 'CREATE_COMPLETE', healthStatus: 'HEALTHY' });
      expect(scenario.world.cloud.everything()).toMatchObject({ networks: [], routers: [], volumes: [] });
      expect((await allNodes()).map(({ ready }) => ready)).toEqual([true, true, true]);
      await deleted();
    },
  );

  it('is refused what it can not have, in a template, a cluster and a node group', async () => {
    scenario = await Scenario.start({}, BARE_METAL);
    const volumes = { docker_volume_size: 5, labels: { etcd_volume_size: '2' } };
    const order = { name: 'c', cluster_template_id: 'kubernetes', ...volumes };

    const template = await scenario.expectStatus('POST', '/clustertemplates', { ...BARE_METAL, ...volumes }, 400);
    const cluster = await scenario.expectStatus('POST', '/clusters', order, 400);
    await scenario.create({ ...NETWORK, node_count: 0 });
    await scenario.settled();
    const group = { name: 'big', docker_volume_size: 5 };
    const refused = await scenario.expectStatus('POST', '/clusters/c/nodegroups', group, 400);

    const told = [template, cluster, refused].map((answer) => JSON.stringify(answer));
    const etcd = 'labels.etcd_volume_size: bare metal gets no volumes of Cinder';
    expect(told[0]).toContain('docker_volume_size: bare metal gets no volumes of Cinder');
    expect(told[0]).toContain(etcd);
    expect(told[0]).not.toContain('fixed_network');
    expect(told[1]).toContain('fixed_network: bare metal stands in a network that is there already');
    expect(told[1]).toContain(etcd);
    expect(told[2]).toContain('docker_volume_size: bare metal gets no volumes of Cinder');
  });

  it('has no Swarm', async () => {
    scenario = await Scenario.start({}, KUBERNETES_TEMPLATE);
    const order = { ...BARE_METAL, ...NETWORK, name: 'x', coe: 'swarm-mode' };

    const refused = await scenario.expectStatus('POST', '/clustertemplates', order, 400);

    expect(JSON.stringify(refused)).toContain('no driver serves swarm-mode on debian');
  });
});
