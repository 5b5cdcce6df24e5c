import { nodes } from '../../common/db/nodes.js';
import { createPort, deletePort } from '../../devstack/devcloud/network/ports.js';
import type { Stack } from '../../devstack/devcloud/orchestration/state.js';
import { Scenario } from './scenario.js';

let scenario: Scenario;

afterEach(() => scenario.stop());

async function start(settings: Record<string, string> = {}): Promise<void> {
  scenario = await Scenario.start({ settings });
  await scenario.create();
  await scenario.settled();
}

function findStack(ending: string): Stack | undefined {
  return [...scenario.world.cloud.state.orchestration.stacks.values()].find(({ name }) => name.endsWith(ending));
}

/** Someone deleted it past Bayou, and something held it up. */
function failDelete(stack: Stack | undefined): void {
  if (stack === undefined) throw new Error('No such stack');
  stack.cancelStep();
  Object.assign(stack, { action: 'DELETE', status: 'FAILED', reason: 'Resource DELETE failed: Conflict: in use' });
}

async function workers(): Promise<string[]> {
  const all = await scenario.world.db.read('check', (query) => nodes.list(query, { role: 'worker' }));
  return all.map(({ name }) => name);
}

function workerServers(): string[] {
  return scenario.world.cloud.everything().servers.filter((name) => name.includes('-worker-'));
}

describe('a stack that someone began to delete', () => {
  it('is made anew in a create, after the delete has been ended', async () => {
    scenario = await Scenario.start();
    await scenario.create();
    await scenario.until(() => workerServers().length === 2);

    failDelete(findStack('workers-0'));
    const cluster = await scenario.settled();

    expect(cluster).toMatchObject({ status: 'CREATE_COMPLETE', statusReason: undefined });
    expect(workerServers()).toEqual(await workers());
    expect(findStack('workers-0')?.action).toBe('CREATE');
  });

  it.each(['failed', 'ended'])('whose delete %s fails a resize; replacing its nodes makes it anew', async (how) => {
    await start();
    const before = await workers();
    if (how === 'failed') failDelete(findStack('workers-0'));
    else removeStack(findStack('workers-0'));

    await scenario.resize({ node_count: 3 });
    const failed = await scenario.settled();
    const made = (await workers()).filter((name) => !before.includes(name));
    await scenario.resize({ node_count: 2, nodes_to_remove: [...before, ...made] });
    const mended = await scenario.settled();

    expect(failed?.status).toBe('UPDATE_FAILED');
    expect(failed?.statusReason).toMatch(/^\[stack_missing\] stack c-\w+-workers-0 .*nodes_to_remove/);
    expect(mended).toMatchObject({ status: 'UPDATE_COMPLETE', statusReason: undefined });
    expect(workerServers()).toEqual(await workers());
    expect(await workers()).toHaveLength(2);
  });

  it('can be deleted again when what held it up is gone', async () => {
    await start({ BAYOU_CLUSTER_HEAT__DELETE_TIMEOUT: '20' });
    const { state } = scenario.world.cloud;
    const [network] = [...state.network.networks.values()].filter(({ name }) => name.startsWith('c-'));
    const port = createPort(state, scenario.projectId, { network_id: network?.id ?? '', name: 'foreign' });

    await scenario.delete();
    const held = await scenario.until((cluster) => cluster?.status === 'DELETE_FAILED');
    deletePort(state, port);
    await scenario.delete();
    await scenario.until((cluster) => cluster === undefined);

    expect(held?.statusReason).toMatch(/^\[stack_failed\] OS::Neutron::(Net|Subnet) .*ports/);
    expect(scenario.leftovers()).toEqual({});
  });
});

function removeStack(stack: Stack | undefined): void {
  if (stack === undefined) throw new Error('No such stack');
  scenario.world.cloud.state.orchestration.stacks.delete(stack.id);
  for (const { type, physicalId } of stack.resources.values()) {
    const server = scenario.world.cloud.state.compute.servers.get(physicalId ?? '');
    if (type !== 'OS::Nova::Server' || server === undefined) continue;
    server.playing?.stop();
    scenario.world.cloud.state.compute.servers.delete(server.id);
  }
}
