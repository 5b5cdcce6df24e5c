import { events } from '../../common/db/events.js';
import { nodeTasks } from '../../common/db/node-tasks.js';
import { type Node, nodes } from '../../common/db/nodes.js';
import { KUBERNETES_TEMPLATE, Scenario } from './scenario.js';

let scenario: Scenario;

afterEach(() => scenario.stop());

async function start(order: object, cloud: object = {}): Promise<void> {
  scenario = await Scenario.start({ cloud }, KUBERNETES_TEMPLATE);
  await scenario.create(order);
  expect(await scenario.settled()).toMatchObject({ status: 'CREATE_COMPLETE', statusReason: undefined });
}

function allNodes(): Promise<Node[]> {
  return scenario.world.db.read('check', (query) => nodes.list(query, {}));
}

const stepsOf = ({ steps }: Node) => steps.map(({ name }) => name);

/** What was asked of nodes but add-ons, and what came of it. */
async function tasks(): Promise<{ name: string; state: string; output: string }[]> {
  const all = await scenario.world.db.read('check', (query) => nodeTasks.list(query, {}));
  const asked = all.filter(({ name }) => name !== 'addon');
  return asked.map(({ name, state, output }) => ({ name, state, output }));
}

/** The machine halts: neither kubelet nor the runner says another word. */
function halt(name: string): void {
  const server = [...scenario.world.cloud.state.compute.servers.values()].find((each) => each.name === name);
  server?.playing?.stop();
}

async function timeUntilHealth(wanted: string): Promise<number> {
  const since = scenario.world.clock.now();
  await scenario.until((cluster) => cluster?.healthStatus === wanted, 300_000);
  return scenario.world.clock.now() - since;
}

describe('a Kubernetes cluster', () => {
  it('comes up with every node Ready, and its certificate over everything is told', async () => {
    await start({ node_count: 2 });

    const [master, ...workers] = await allNodes();
    const cluster = await scenario.cluster();
    expect(cluster).toMatchObject({ apiAddress: expect.stringMatching(/^https:\/\/172\.24\.4\.\d+:6443$/) });
    expect(cluster).toMatchObject({ healthStatus: 'HEALTHY', coeVersion: expect.stringMatching(/^v1\.\d+\.\d+$/) });
    expect(master?.orchestrator).toMatchObject({ role: 'master', state: 'ready', api: 'ok', nodes_ready: '3/3' });
    expect(master && stepsOf(master)).toEqual([
      'software',
      'container-runtime',
      'etcd',
      'control-plane',
      'bootstrap',
      'kubelet',
      'node-ready',
    ]);
    for (const worker of workers) {
      expect(stepsOf(worker)).toEqual(['software', 'container-runtime', 'kubelet', 'node-ready']);
      expect(worker.orchestrator).toEqual({ role: 'worker', version: cluster?.coeVersion, state: 'ready' });
    }
    const told = await scenario.world.db.read('check', (query) => events.list(query, { kind: 'certificate_issued' }));
    expect(told.filter(({ message }) => message.includes('system:masters'))).toHaveLength(1);
  });

  it('grows, drains who leaves and forgets it, and leaves nothing behind', async () => {
    await start({ node_count: 1 });

    await scenario.resize({ node_count: 3 });
    expect(await scenario.settled()).toMatchObject({ status: 'UPDATE_COMPLETE', statusReason: undefined });
    const leaving = (await allNodes()).find(({ role, ordinal }) => role === 'worker' && ordinal === 1);
    await scenario.resize({ node_count: 2, nodes_to_remove: [leaving?.serverId] });
    const shrunk = await scenario.settled();

    expect(shrunk).toMatchObject({ status: 'UPDATE_COMPLETE', healthStatus: 'HEALTHY' });
    expect(await tasks()).toEqual([
      { name: 'drain', state: 'succeeded', output: `node/${leaving?.name} cordoned\nnode/${leaving?.name} drained` },
      { name: 'remove-node', state: 'succeeded', output: `node "${leaving?.name}" deleted` },
    ]);
    await scenario.delete();
    await scenario.until((cluster) => cluster === undefined);
    expect(scenario.leftovers()).toEqual({});
  });

  it('of three masters has HAProxy before them, and keeps them', async () => {
    await start({ master_count: 3, node_count: 1, master_lb_enabled: true }, { loadBalancers: false });

    const masters = (await allNodes()).filter(({ role }) => role === 'master');
    const path = '/clusters/c/actions/resize';
    const order = { nodegroup: 'default-master', node_count: 5 };
    const refused = await scenario.expectStatus('POST', path, order, 400);
    await scenario.delete();
    await scenario.until((cluster) => cluster === undefined);

    expect(masters.map((node) => stepsOf(node).includes('load-balancer'))).toEqual([true, true, true]);
    expect(masters.map((node) => stepsOf(node).includes('bootstrap'))).toEqual([true, false, false]);
    expect(masters.map(({ orchestrator }) => orchestrator.api)).toEqual(['ok', 'ok', 'ok']);
    expect(JSON.stringify(refused)).toContain('the masters of a Kubernetes cluster stay those that were ordered');
    expect(scenario.leftovers()).toEqual({});
  });

  it('names a master that halted within seconds, and a worker within a minute', async () => {
    await start({ master_count: 3, node_count: 1, master_lb_enabled: true });
    // Beats come every 30 s by now.
    await scenario.world.clock.advance(61_000);
    const all = await allNodes();
    const [master, worker] = ['master', 'worker'].map((role) => all.find((node) => node.role === role)?.name ?? '');

    halt(worker ?? '');
    const workerMs = await timeUntilHealth('UNHEALTHY');
    const first = (await scenario.cluster())?.healthStatusReason;
    halt(master ?? '');
    const since = scenario.world.clock.now();
    const isNamed = { [`${master}.Api`]: 'Unreachable', [`${master}.Ready`]: 'False' };
    const after = await scenario.until(
      (cluster) => cluster?.healthStatusReason?.[`${master}.Api`] === 'Unreachable',
      60_000,
    );

    expect(workerMs).toBeGreaterThanOrEqual(40_000);
    expect(workerMs).toBeLessThanOrEqual(60_000);
    expect(first).toMatchObject({ [`${worker}.Ready`]: 'False', [`${master}.Api`]: 'ok', 'masters.spare': '1' });
    expect(scenario.world.clock.now() - since).toBeLessThanOrEqual(20_000);
    expect(after?.healthStatusReason).toMatchObject({ ...isNamed, api: 'ok', 'masters.spare': '0' });
  });

  it('without a quorum of masters answers nobody, and what it misses is told', async () => {
    await start({ master_count: 3, node_count: 1, master_lb_enabled: true });
    const all = await allNodes();

    for (const { name } of all.filter(({ role, ordinal }) => role === 'master' && ordinal > 0)) halt(name);
    await timeUntilHealth('UNHEALTHY');
    // What the others said last counts until they are silent.
    await timeUntilHealth('UNKNOWN');

    expect((await scenario.cluster())?.healthStatusReason).toMatchObject({ api: 'no master answers' });
    const [first] = await allNodes();
    expect(first).toMatchObject({ ready: false, orchestrator: { api: 'down', state: 'not ready' } });
  });

  it('says which step failed, in the words of its log', async () => {
    const words = 'the mirror http://m answers 404 to v1/kubelet';
    const failStep = (node: string, step: string) =>
      node.endsWith('worker-0') && step === 'software' ? words : undefined;
    scenario = await Scenario.start({ nodes: { failStep } }, KUBERNETES_TEMPLATE);
    await scenario.create();

    expect((await scenario.settled())?.statusReason).toContain(words);
  });
});
