import { nodeGroups } from '../../common/db/node-groups.js';
import { nodes } from '../../common/db/nodes.js';
import { Scenario } from './scenario.js';

let scenario: Scenario;

beforeEach(async () => {
  scenario = await Scenario.start();
  await scenario.create({ node_count: 2 });
  await scenario.settled();
});
afterEach(() => scenario.stop());

const limit = (instances: number) => scenario.world.cloud.quotas.order(scenario.projectId, { instances });

/** As `openstack coe cluster update --rollback` asks for it. */
async function patch(nodeCount: number): Promise<void> {
  const body = [{ op: 'replace', path: '/node_count', value: nodeCount }];
  await scenario.expectStatus('PATCH', '/clusters/c?rollback=True', body, 202);
}

async function operationsDone(): Promise<string[]> {
  return (await scenario.operations()).map(({ kind, status }) => `${kind} ${status}`);
}

async function groupsNow(): Promise<Record<string, string>> {
  const groups = await scenario.world.db.read('check', (query) => nodeGroups.list(query, {}));
  return Object.fromEntries(groups.map(({ name, nodeCount, status }) => [name, `${nodeCount} ${status}`]));
}

const serverCount = () => scenario.world.cloud.everything().servers?.length;

describe('A change with rollback', () => {
  it('that succeeds is as any other', async () => {
    await patch(3);
    const cluster = await scenario.settled();

    expect(cluster).toMatchObject({ status: 'UPDATE_COMPLETE', statusReason: undefined });
    expect(await operationsDone()).toEqual(['create succeeded', 'resize succeeded']);
  });

  it('that fails goes back to the number of before, and says why', async () => {
    await patch(4);
    limit(3);
    const seen = await scenario.until((cluster) => cluster?.status === 'ROLLBACK_IN_PROGRESS');
    const cluster = await scenario.settled();

    expect(seen?.statusReason).toMatch(/^\[quota_exceeded\]/);
    expect(cluster).toMatchObject({ status: 'ROLLBACK_COMPLETE', healthStatus: 'HEALTHY' });
    expect(cluster?.statusReason).toMatch(/^\[quota_exceeded\]/);
    expect(await groupsNow()).toEqual({
      'default-master': '1 CREATE_COMPLETE',
      'default-worker': '2 ROLLBACK_COMPLETE',
    });
    expect(await operationsDone()).toEqual(['create succeeded', 'resize failed', 'rollback succeeded']);
    expect(await scenario.eventKinds()).toContain('rollback_begun');
    expect(serverCount()).toBe(3);
  });

  it('that fails twice goes back to where the last good one was', async () => {
    await patch(6);
    await patch(5);
    limit(4);
    const cluster = await scenario.settled();

    expect(cluster?.status).toBe('ROLLBACK_COMPLETE');
    expect(await groupsNow()).toMatchObject({ 'default-worker': '2 ROLLBACK_COMPLETE' });
    expect(serverCount()).toBe(3);
  });

  it('goes on with another process where one is killed', async () => {
    await patch(4);
    limit(3);
    await scenario.until((cluster) => cluster?.status === 'ROLLBACK_IN_PROGRESS');

    await scenario.settledBy(undefined);

    expect(await scenario.cluster()).toMatchObject({ status: 'ROLLBACK_COMPLETE' });
    expect(serverCount()).toBe(3);
  });

  it('makes way for a newer order', async () => {
    await patch(4);
    limit(3);
    await scenario.until((cluster) => cluster?.status === 'ROLLBACK_IN_PROGRESS');
    limit(100);
    await scenario.resize({ node_count: 4 });
    const cluster = await scenario.settled();

    expect(cluster).toMatchObject({ status: 'UPDATE_COMPLETE', statusReason: undefined });
    expect(await groupsNow()).toMatchObject({ 'default-worker': '4 UPDATE_COMPLETE' });
    expect(serverCount()).toBe(5);
  });

  it('that can go neither on nor back is told, and may be asked for again', async () => {
    await patch(1);
    await scenario.until((cluster) => cluster?.status === 'UPDATE_IN_PROGRESS');
    const { stacks } = scenario.world.cloud.state.orchestration;
    const workers = [...stacks.values()].find(({ name }) => name.includes('workers'));
    stacks.delete(workers?.id ?? '');
    const cluster = await scenario.settled();

    expect(cluster?.status).toBe('ROLLBACK_FAILED');
    expect(cluster?.statusReason).toMatch(/^\[stack_missing\]/);
    expect(await groupsNow()).toMatchObject({ 'default-worker': '2 ROLLBACK_FAILED' });
    const members = await scenario.world.db.read('check', (query) => nodes.list(query, { role: 'worker' }));
    const lost = members.filter(({ state }) => state === 'wanted').map(({ name }) => name);
    await scenario.resize({ node_count: 2, nodes_to_remove: lost });
    expect((await scenario.settled())?.status).toBe('UPDATE_COMPLETE');
  });
});
