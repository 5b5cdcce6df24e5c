import { events } from '../../common/db/events.js';
import { nodes } from '../../common/db/nodes.js';
import { KUBERNETES_TEMPLATE, Scenario } from './scenario.js';

let scenario: Scenario;

afterEach(() => scenario.stop());

async function create(template: object, order: object = {}): Promise<void> {
  scenario = await Scenario.start({}, { ...KUBERNETES_TEMPLATE, ...template });
  await scenario.create(order);
}

describe('a Kubernetes cluster with a network driver', () => {
  it.each([
    ['flannel', { flannel_backend: 'vxlan' }],
    ['calico', { calico_ipv4pool_ipip: 'Always' }],
  ])('%s gets it from its first master, without which no node is ready, and lives on', async (name, labels) => {
    await create({ network_driver: name, labels }, { master_count: 3, node_count: 1, master_lb_enabled: true });
    const created = await scenario.settled();
    const all = await scenario.world.db.read('check', (query) => nodes.list(query, {}));
    const having = all.filter(({ steps }) => steps.some((step) => step.name === 'network'));
    const told = await scenario.world.db.read('check', (query) => events.list(query, { kind: 'certificate_issued' }));
    await scenario.resize({ node_count: 2 });
    const grown = await scenario.settled();
    await scenario.delete();
    await scenario.until((cluster) => cluster === undefined);

    expect(created).toMatchObject({ status: 'CREATE_COMPLETE', statusReason: undefined, healthStatus: 'HEALTHY' });
    expect(having.map(({ role, ordinal }) => [role, ordinal])).toEqual([['master', 0]]);
    expect(told.some(({ message }) => message.includes('bayou:addons'))).toBe(true);
    expect(grown).toMatchObject({ status: 'UPDATE_COMPLETE', statusReason: undefined, healthStatus: 'HEALTHY' });
    expect(scenario.leftovers()).toEqual({});
  });

  it('has its template refused with the reason when there is no such driver or backend', async () => {
    scenario = await Scenario.start();
    const refused = async (template: object) =>
      JSON.stringify(
        await scenario.expectStatus('POST', '/clustertemplates', { ...KUBERNETES_TEMPLATE, ...template }, 400),
      );

    expect(await refused({ network_driver: 'cilium' })).toContain('must be one of routes, flannel, calico');
    expect(await refused({ network_driver: 'flannel', labels: { flannel_backend: 'udp' } })).toContain('vxlan');
  });
});

it("a Kubernetes cluster gets no more nodes than there are shares of its pods' network", async () => {
  await create({ labels: { pods_network_cidr: '10.64.0.0/23' } }, { node_count: 1 });
  await scenario.settled();
  const words = "node_count: the pods' network 10.64.0.0/23 has room for 2 nodes, and the cluster would have 3";
  const group = { name: 'pool', node_count: 1, flavor_id: 'm1.small' };

  const refused = [
    await scenario.expectStatus('POST', '/clusters/c/actions/resize', { node_count: 2 }, 400),
    await scenario.expectStatus('POST', '/clusters/c/nodegroups', group, 400),
  ];

  for (const answer of refused) expect(JSON.stringify(answer)).toContain(words);
  await scenario.resize({ node_count: 0 });
  await scenario.settled();
  await scenario.expectStatus('POST', '/clusters/c/nodegroups', group, 202);
  expect((await scenario.settled())?.status).toBe('UPDATE_COMPLETE');
});

it('a Kubernetes cluster has the share of an NFS server that it names', async () => {
  await create({ labels: { nfs_server: 'nfs.example.org', nfs_path: '/srv/share' } });

  expect(await scenario.settled()).toMatchObject({ status: 'CREATE_COMPLETE', healthStatus: 'HEALTHY' });
  const told = await scenario.world.db.read('check', (query) => events.list(query, { kind: 'addon_ready' }));
  expect(told.some(({ message }) => message.includes('nfs'))).toBe(true);
});
