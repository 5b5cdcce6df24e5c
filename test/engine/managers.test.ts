import { nodeTasks } from '../../common/db/node-tasks.js';
import { type Node, nodes } from '../../common/db/nodes.js';
import { Scenario } from './scenario.js';

let scenario: Scenario;

afterEach(() => scenario.stop());

async function start(order: object, cloud: object = {}): Promise<void> {
  scenario = await Scenario.start({ cloud });
  await scenario.create(order);
  expect(await scenario.settled()).toMatchObject({ status: 'CREATE_COMPLETE', statusReason: undefined });
}

function allNodes(): Promise<Node[]> {
  return scenario.world.db.read('check', (query) => nodes.list(query, {}));
}

async function masters(): Promise<Node[]> {
  return (await allNodes()).filter(({ role }) => role === 'master');
}

/** What HAProxy on a manager was told of the others since it was made, and when each was done. */
async function toldManagers({ uuid }: Node): Promise<string[]> {
  const tasks = await scenario.world.db.read('check', (query) => nodeTasks.list(query, { nodeId: uuid }));
  return tasks
    .filter(({ name, state }) => name === 'load-balancer' && state === 'succeeded')
    .map(({ params }) => params.masters ?? '');
}

const addressesOf = (some: Node[]) => some.map((node) => node.addresses.private).join(',');

const serverNames = (node: Node) => node.certificateProfiles['docker-server']?.names ?? [];
const stepsOf = (node: Node | undefined) => node?.nodeData.steps;

describe('managers behind Octavia', () => {
  it('are all members, and certified for the addresses that users come by', async () => {
    await start({ master_count: 3, node_count: 2, master_lb_enabled: true });

    const all = await masters();
    const { loadBalancing } = scenario.world.cloud.state;
    const [loadBalancer] = loadBalancing.loadBalancers.values();
    const members = [...loadBalancing.parts.values()].filter(({ kind }) => kind === 'member');
    const { apiAddress = '', healthStatus } = (await scenario.cluster()) ?? {};
    const publicAddress = /^tcp:\/\/(172\.24\.4\.\d+):2376$/.exec(apiAddress)?.[1];
    expect(all.map((node) => node.orchestrator.role)).toEqual(['manager', 'manager', 'manager']);
    expect(all.map((node) => (stepsOf(node) as string[]).find((step) => /^swarm-/.test(step)))).toEqual([
      'swarm-init',
      'swarm-join',
      'swarm-join',
    ]);
    expect(members.map(({ settings }) => settings.address)).toEqual(all.map(({ addresses }) => addresses.private));
    for (const node of all) {
      expect(serverNames(node)).toEqual(expect.arrayContaining([loadBalancer?.vipAddress, publicAddress]));
    }
    const floating = [...scenario.world.cloud.state.network.floatingIps.values()];
    expect(floating.find((each) => each.floating_ip_address === publicAddress)?.port_id).toBe(loadBalancer?.vipPortId);
    expect(healthStatus).toBe('HEALTHY');
  });

  it('boot while the load balancer comes up, and are ready only when it is', async () => {
    scenario = await Scenario.start({ cloud: { loadBalancerMs: 60_000 } });
    await scenario.create({ master_count: 3, node_count: 1, master_lb_enabled: true });

    await scenario.until(() => scenario.world.cloud.everything().servers.length === 4);
    const [loadBalancer] = scenario.world.cloud.state.loadBalancing.loadBalancers.values();
    expect(loadBalancer?.status).toBe('PENDING_CREATE');
    await scenario.settled();

    expect(loadBalancer?.status).toBe('ACTIVE');
    expect(await scenario.cluster()).toMatchObject({ status: 'CREATE_COMPLETE' });
  });

  it('leave nothing behind', async () => {
    await start({ master_count: 3, node_count: 1, master_lb_enabled: true });

    await scenario.delete();
    await scenario.until((cluster) => cluster === undefined);

    expect(scenario.leftovers()).toEqual({});
  });

  it('can be exchanged one by one: the first too, and who comes in its place joins', async () => {
    await start({ master_count: 3, node_count: 1, master_lb_enabled: true });
    const [first] = await masters();

    await scenario.resize({ nodegroup: 'default-master', node_count: 3, nodes_to_remove: [first?.name] });
    const cluster = await scenario.settled();

    const after = await masters();
    const addresses = after.map((node) => node.addresses.private);
    const members = [...scenario.world.cloud.state.loadBalancing.parts.values()].filter(
      ({ kind }) => kind === 'member',
    );
    expect(cluster).toMatchObject({ status: 'UPDATE_COMPLETE', statusReason: undefined });
    expect(after.map(({ ordinal }) => ordinal)).toEqual([1, 2, 3]);
    expect(stepsOf(after[2])).toContain('swarm-join');
    expect(members.map(({ settings }) => settings.address).toSorted()).toEqual(addresses.toSorted());
    const ports = scenario.world.cloud.everything().ports.filter((name) => name === first?.name);
    expect(ports).toEqual([]);
  });

  it('tell when Octavia fails to make the load balancer', async () => {
    scenario = await Scenario.start({ cloud: { loadBalancerMs: 60_000 } });
    await scenario.create({ master_count: 3, master_lb_enabled: true });
    const { loadBalancers } = scenario.world.cloud.state.loadBalancing;

    const reasons = new Set<string>();
    const settled = await scenario.until((seen) => {
      // Heat makes it anew some times before it gives up.
      for (const made of loadBalancers.values()) made.status = 'ERROR';
      if (seen?.statusReason !== undefined) reasons.add(seen.statusReason);
      return seen?.status === 'CREATE_FAILED';
    });

    const words = /^\[load_balancer_failed\] OS::Octavia::LoadBalancer load_balancer: .*status ERROR.*; operator: /;
    expect(settled?.statusReason).toMatch(words);
    for (const shown of reasons) expect(shown).toMatch(words);
  });

  it('show a fault of the load balancer as the reason', async () => {
    scenario = await Scenario.start();
    await scenario.create({ master_count: 3, master_lb_enabled: true });
    scenario.world.cloud.quotas.order(scenario.projectId, { load_balancer: 0 });

    expect((await scenario.settled())?.statusReason).toMatch(/^\[quota_exceeded\] .*load_balancer/);
  });
});

describe('managers without Octavia', () => {
  it('have HAProxy before them, on an address that each of them may take', async () => {
    await start({ master_count: 3, node_count: 1, master_lb_enabled: true }, { loadBalancers: false });

    const all = await masters();
    const ports = [...scenario.world.cloud.state.network.ports.values()];
    const shared = ports.find(({ name }) => name.endsWith('-api'));
    const address = shared?.fixed_ips[0]?.ip_address;
    expect(scenario.world.cloud.everything().loadBalancers).toEqual([]);
    for (const node of all) {
      expect(stepsOf(node)).toContain('load-balancer');
      expect(node.nodeData.settings).toMatchObject({ shared_address: address, api_host: node.addresses.private });
      expect(serverNames(node)).toContain(address);
      expect(ports.find(({ name }) => name === node.name)?.allowed_address_pairs).toEqual([{ ip_address: address }]);
    }
    const floating = [...scenario.world.cloud.state.network.floatingIps.values()];
    const front = floating.find(({ port_id: portId }) => portId === shared?.id)?.floating_ip_address;
    expect((await scenario.cluster())?.apiAddress).toBe(`tcp://${front}:2376`);
  });

  it('tell those that stay before one goes and after one has come', async () => {
    await start({ master_count: 3, node_count: 1, master_lb_enabled: true }, { loadBalancers: false });
    const [first, ...staying] = await masters();

    await scenario.resize({ nodegroup: 'default-master', node_count: 3, nodes_to_remove: [first?.name] });
    await scenario.until(() => !scenario.world.cloud.everything().servers.includes(first?.name ?? ''));
    const before = await Promise.all(staying.map(toldManagers));
    const cluster = await scenario.settled();

    const after = await masters();
    expect(cluster).toMatchObject({ status: 'UPDATE_COMPLETE', statusReason: undefined });
    expect(before).toEqual(staying.map(() => [addressesOf(staying)]));
    const both = [addressesOf(staying), addressesOf(after)];
    expect(await Promise.all(after.map(toldManagers))).toEqual([both, both, []]);
    const consoles = [...scenario.world.cloud.state.compute.servers.values()]
      .filter(({ name }) => staying.some((node) => node.name === name))
      .map(({ playing }) => playing?.consoleLog?.() ?? '');
    for (const text of consoles) expect(text).toContain(`HAProxy is before ${addressesOf(after)}`);
  });

  it('tell the only one of those that came, and nobody of what is known', async () => {
    await start({ master_count: 1, node_count: 1, master_lb_enabled: true }, { loadBalancers: false });

    await scenario.resize({ node_count: 2 });
    await scenario.settled();
    const [only] = await masters();
    const afterWorkers = only && (await toldManagers(only));
    await scenario.resize({ nodegroup: 'default-master', node_count: 3 });
    const cluster = await scenario.settled();

    const after = await masters();
    expect(afterWorkers).toEqual([]);
    expect(cluster).toMatchObject({ status: 'UPDATE_COMPLETE' });
    expect(await Promise.all(after.map(toldManagers))).toEqual([[addressesOf(after)], [], []]);
  });

  it('keep HAProxy when the cloud gets Octavia later', async () => {
    await start({ master_count: 1, node_count: 1, master_lb_enabled: true }, { loadBalancers: false });
    scenario.world.cloud.state.settings.loadBalancers = true;
    await scenario.world.startProcess();

    await scenario.resize({ node_count: 2 });

    expect(await scenario.settled()).toMatchObject({ status: 'UPDATE_COMPLETE' });
    expect(scenario.world.cloud.everything().loadBalancers).toEqual([]);
  });
});

describe('orders for managers', () => {
  it.each([
    [{ master_count: 2, master_lb_enabled: true }, 'master_count: a Swarm has 1, 3 or 5 managers'],
    [{ master_count: 7, master_lb_enabled: true }, 'master_count: a Swarm has 1, 3 or 5 managers'],
    [{ master_count: 3 }, 'master_count: 3 managers need master_lb_enabled'],
  ])('are refused: %j', async (order, words) => {
    scenario = await Scenario.start();

    const answer = await scenario.expectStatus(
      'POST',
      '/clusters',
      { name: 'c', cluster_template_id: 'swarm', ...order },
      400,
    );

    expect(JSON.stringify(answer)).toContain(words);
  });

  it.each([
    ['where there is none', { cloud: { loadBalancers: false } }],
    ['of another region than the configured one', { settings: { BAYOU_OCTAVIA_CLIENT__REGION_NAME: 'Elsewhere' } }],
  ])('for an Octavia %s are refused', async (_where, world) => {
    scenario = await Scenario.start(world);
    const order = { master_lb_enabled: true, labels: { master_lb_provider: 'octavia' } };

    const answer = await scenario.expectStatus(
      'POST',
      '/clusters',
      { name: 'c', cluster_template_id: 'swarm', ...order },
      400,
    );

    expect(JSON.stringify(answer)).toContain('labels.master_lb_provider: this cloud has no Octavia');
  });

  it.each([
    [{ node_count: 1, nodes_to_remove: ['0'] }, 'nodes_to_remove: 1 of the 1 managers must stay'],
    [{ node_count: 3 }, 'node_count: 3 managers need master_lb_enabled'],
  ])('that would end the Swarm are refused: %j', async (order, words) => {
    await start({ node_count: 0 });

    const path = '/clusters/c/actions/resize';
    const answer = await scenario.expectStatus('POST', path, { nodegroup: 'default-master', ...order }, 400);

    expect(JSON.stringify(answer)).toContain(words);
  });
});
