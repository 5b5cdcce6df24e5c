import { type NodeGroup, nodeGroups } from '../../common/db/node-groups.js';
import { type Node, nodes } from '../../common/db/nodes.js';
import { Scenario, TEMPLATE } from './scenario.js';

const MESOS = { ...TEMPLATE, name: 'mesos', coe: 'mesos' };
const MINUTE_MS = 60_000;

let scenario: Scenario;
const busyNodes = new Set<string>();

beforeEach(() => busyNodes.clear());
afterEach(() => scenario.stop());

async function start(order: object = {}, template: object = {}): Promise<void> {
  const busy = (node: string) => busyNodes.has(node);
  scenario = await Scenario.start({ nodes: { busy } }, { ...MESOS, ...template });
  await scenario.create(order);
  expect(await scenario.settled()).toMatchObject({ status: 'CREATE_COMPLETE', statusReason: undefined });
}

const groups = () => scenario.world.db.read('check', (query) => nodeGroups.list(query, {}));
const members = (group?: NodeGroup): Promise<Node[]> =>
  scenario.world.db.read('check', (query) => nodes.list(query, group === undefined ? {} : { nodeGroupId: group.uuid }));
const workers = async () => (await members()).filter(({ role }) => role === 'worker');
const serverIds = () => [...scenario.world.cloud.state.compute.servers.values()].map(({ id }) => id);

/** Until their heartbeats have told what they do. */
async function keepBusy(...chosen: (Node | undefined)[]): Promise<void> {
  for (const node of chosen) busyNodes.add(node?.name ?? '');
  await scenario.world.clock.advance(MINUTE_MS);
}

async function deleteCluster(): Promise<void> {
  await scenario.delete();
  await scenario.until((cluster) => cluster === undefined);
  expect(scenario.leftovers()).toEqual({});
}

describe('a Mesos cluster', () => {
  it('comes up with its masters in agreement, is resized, and goes without a trace', async () => {
    await start({ master_count: 3, node_count: 2, master_lb_enabled: true });
    const created = await scenario.cluster();
    expect(created?.apiAddress).toMatch(/^https:\/\/\d+\.\d+\.\d+\.\d+:8443$/);
    expect(created).toMatchObject({
      healthStatus: 'HEALTHY',
      coeVersion: '1.11.0',
      healthStatusReason: { api: 'ok', 'masters.spare': '1' },
    });

    await scenario.resize({ node_count: 4 });
    expect(await scenario.settled()).toMatchObject({ status: 'UPDATE_COMPLETE', healthStatus: 'HEALTHY' });
    expect((await workers()).map(({ orchestrator }) => orchestrator.mesos)).toEqual(Array(4).fill('registered'));

    await deleteCluster();
  });

  it('gives up agents that have nothing to do before others when nobody chose', async () => {
    await start({ node_count: 4 });
    const [first, second, third, fourth] = (await workers()).toSorted((a, b) => a.ordinal - b.ordinal);
    await keepBusy(second, fourth);

    await scenario.resize({ node_count: 2 });
    expect(await scenario.settled()).toMatchObject({ status: 'UPDATE_COMPLETE', healthStatus: 'HEALTHY' });

    const staying = (await workers()).map(({ name }) => name);
    expect(staying.toSorted()).toEqual([second?.name, fourth?.name].toSorted());
    expect([first, third].filter((node) => serverIds().includes(node?.serverId ?? ''))).toEqual([]);
    await deleteCluster();
  });

  it('gives up the ones that were chosen, whatever they do', async () => {
    await start({ node_count: 3 });
    const [first] = await workers();
    await keepBusy(first);

    await scenario.resize({ node_count: 2, nodes_to_remove: [first?.serverId] });
    expect(await scenario.settled()).toMatchObject({ status: 'UPDATE_COMPLETE', healthStatus: 'HEALTHY' });

    expect((await workers()).map(({ name }) => name)).not.toContain(first?.name);
    expect(await scenario.eventKinds()).toContain('node_left');
  });

  it('has an edge where services are discovered, with a security group of its own', async () => {
    await start({ node_count: 1, labels: { service_discovery: 'true', chronos_enabled: 'true' } });
    const order = { name: 'edge', role: 'edge', node_count: 1 };
    await scenario.expectStatus('POST', '/clusters/c/nodegroups', order, 202);
    expect(await scenario.settled()).toMatchObject({ status: 'UPDATE_COMPLETE', healthStatus: 'HEALTHY' });

    const edge = (await groups()).find(({ name }) => name === 'edge');
    const [node] = await members(edge);
    expect(node?.steps.map(({ name }) => name)).toEqual(['edge', 'node-ready']);
    expect(Object.keys(node?.certificateProfiles ?? {})).toEqual(['etcd-edge']);
    const { ports, securityGroups } = scenario.world.cloud.state.network;
    const port = [...ports.values()].find(({ name }) => name === node?.name);
    const rules = port?.security_groups.flatMap((id) => securityGroups.get(id)?.security_group_rules ?? []);
    const open = rules?.filter(({ direction, protocol }) => direction === 'ingress' && protocol === 'tcp');
    expect(open?.map(({ port_range_min: from }) => from).toSorted()).toEqual([22, 443, 80]);

    await scenario.expectStatus('DELETE', '/clusters/c/nodegroups/edge', undefined, 204);
    expect(await scenario.settled()).toMatchObject({ status: 'UPDATE_COMPLETE', healthStatus: 'HEALTHY' });
    await deleteCluster();
  });

  it('has no edge without service discovery', async () => {
    await start({ node_count: 1 });

    const order = { name: 'edge', role: 'edge', node_count: 1 };
    const answer = await scenario.world.request('POST', '/clusters/c/nodegroups', order);

    expect(answer?.status).toBe(400);
    expect(JSON.stringify(answer?.data)).toContain('which this cluster was made without');
  });

  it.each([0, 1, 2])('names master %s of three within a minute when its machine halts', async (index) => {
    await start({ master_count: 3, node_count: 1, master_lb_enabled: true });
    // Beats come every 30 s by now.
    await scenario.world.clock.advance(MINUTE_MS + index * 7000);
    const master = (await members()).find(({ role, ordinal }) => role === 'master' && ordinal === index);
    const server = [...scenario.world.cloud.state.compute.servers.values()].find(({ name }) => name === master?.name);

    server?.playing?.stop();
    const since = scenario.world.clock.now();
    const seen = await scenario.until((cluster) => cluster?.healthStatus === 'UNHEALTHY', 5 * MINUTE_MS);

    expect(scenario.world.clock.now() - since).toBeLessThanOrEqual(MINUTE_MS);
    expect(seen?.healthStatusReason).toMatchObject({ 'masters.spare': '0', [`${master?.name}.Ready`]: 'False' });
    // Another one leads within a heartbeat.
    await scenario.until((cluster) => cluster?.healthStatusReason?.api === 'ok', MINUTE_MS);
    expect((await scenario.cluster())?.healthStatusReason).toMatchObject({ api: 'ok' });
  });
});
