import { nodes } from '../../common/db/nodes.js';
import { Scenario } from './scenario.js';

let scenario: Scenario;

beforeEach(async () => {
  scenario = await Scenario.start();
});

afterEach(() => scenario.stop());

async function ready(order: object = {}): Promise<void> {
  await scenario.create(order);
  const cluster = await scenario.settled();
  expect(cluster).toMatchObject({ status: 'CREATE_COMPLETE', statusReason: undefined });
}

async function serverIds(): Promise<Record<string, string | undefined>> {
  const all = await scenario.world.db.read('check', (query) => nodes.list(query, {}));
  return Object.fromEntries(all.map(({ name, serverId }) => [name.replace(/^.*-(\w+-\d+)$/, '$1'), serverId]));
}

describe('create', () => {
  it('publishes address, version, health and stack of a ready cluster', async () => {
    await ready();

    const cluster = await scenario.cluster();

    expect(cluster).toMatchObject({
      apiAddress: expect.stringMatching(/^tcp:\/\/172\.24\.4\.\d+:2376$/),
      healthStatus: 'HEALTHY',
    });
    expect(cluster?.coeVersion).toMatch(/^\d+\.\d+/);
    expect(cluster?.stackId).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('makes a cluster without workers', async () => {
    await ready({ node_count: 0 });

    expect(scenario.world.cloud.everything().servers).toHaveLength(1);
  });

  it('uses a network that is there already', async () => {
    await scenario.expectStatus(
      'POST',
      '/clustertemplates',
      {
        name: 'joined',
        coe: 'swarm',
        image_id: 'ubuntu-22.04',
        flavor_id: 'm1.small',
        fixed_network: 'private',
        fixed_subnet: 'private-subnet',
        floating_ip_enabled: false,
      },
      201,
    );

    await ready({ cluster_template_id: 'joined', keypair: 'demo' });

    expect(scenario.world.cloud.everything()).toMatchObject({ networks: [], routers: [], floatingIps: [] });
  });
});

describe('resize', () => {
  it('keeps the servers that stay, removes the chosen one and makes up for it', async () => {
    await ready();
    const before = await serverIds();

    await scenario.resize({ node_count: 2, nodes_to_remove: [before['worker-0']] });
    await scenario.settled();

    const after = await serverIds();
    expect(Object.keys(after).toSorted()).toEqual(['master-0', 'worker-1', 'worker-2']);
    expect(after).toMatchObject({ 'master-0': before['master-0'], 'worker-1': before['worker-1'] });
  });

  it('drains a node before its server goes', async () => {
    await ready();
    await scenario.resize({ node_count: 1 });
    await scenario.settled();

    const kinds = await scenario.eventKinds();

    expect(kinds.indexOf('node_leaving')).toBeLessThan(kinds.indexOf('node_left'));
    expect((await scenario.operations()).at(-1)?.progress.map(({ phase }) => phase)).toEqual([
      'account',
      'image',
      'choose_nodes',
      'infrastructure',
      'registry',
      'cloud_credential',
      'load_balancer',
      'describe_nodes',
      'withdraw_masters',
      'drain_nodes',
      'node_stacks',
      'remove_nodes',
      'forget_nodes',
      'trim_infrastructure',
      'nodes_ready',
      'announce_masters',
    ]);
  });

  it('takes the place of a resize under way', async () => {
    await ready();
    await scenario.resize({ node_count: 5 });
    await scenario.until(() => scenario.world.cloud.everything().servers.length > 3);

    await scenario.resize({ node_count: 1 });
    const cluster = await scenario.settled();

    expect(cluster).toMatchObject({ status: 'UPDATE_COMPLETE' });
    expect((await scenario.operations()).map(({ kind, status }) => `${kind} ${status}`)).toEqual([
      'create succeeded',
      'resize superseded',
      'resize succeeded',
    ]);
    expect(scenario.world.cloud.everything().servers).toHaveLength(2);
  });

  it('says that a stack was deleted behind its back and makes no empty one in its place', async () => {
    await ready();
    const stack = [...scenario.world.cloud.state.orchestration.stacks.values()].find(({ name }) =>
      name.includes('workers'),
    );
    scenario.world.cloud.state.orchestration.stacks.delete(stack?.id ?? '');

    await scenario.resize({ node_count: 3 });
    const cluster = await scenario.settled();

    expect(cluster?.status).toBe('UPDATE_FAILED');
    expect(cluster?.statusReason).toMatch(/^\[stack_missing\] stack c-\w+-workers-0 is not in Heat any more/);
  });

  it('can be ordered again after it failed', async () => {
    await ready();
    await scenario.resize({ node_count: 4 });
    scenario.world.cloud.quotas.order(scenario.projectId, { instances: 3 });
    const failed = await scenario.settled();
    scenario.world.cloud.quotas.order(scenario.projectId, { instances: 100 });

    await scenario.resize({ node_count: 4 });
    const cluster = await scenario.settled();

    expect(failed?.statusReason).toMatch(/^\[quota_exceeded\]/);
    expect(cluster).toMatchObject({ status: 'UPDATE_COMPLETE', statusReason: undefined });
    expect(scenario.world.cloud.everything().servers).toHaveLength(5);
  });
});

describe('delete', () => {
  it('takes the place of a create at any moment and leaves nothing', async () => {
    await scenario.create();
    await scenario.until(() => scenario.world.cloud.everything().servers.length > 0);

    await scenario.delete();
    await scenario.until((cluster) => cluster === undefined);

    expect(scenario.leftovers()).toEqual({});
    expect((await scenario.operations()).map(({ status }) => status)).toEqual(['superseded', 'succeeded']);
  });

  it('works through the service user when the account was deleted behind its back', async () => {
    await ready();
    const { users } = scenario.world.cloud.state.identity;
    const accountId = (await scenario.cluster())?.accountUserId ?? '';
    users.delete(accountId);
    await scenario.world.startProcess(); // one that holds no token of the account

    await scenario.delete();
    await scenario.until((cluster) => cluster === undefined);

    expect(scenario.leftovers().stacks).toBeUndefined();
    expect(scenario.leftovers().servers).toBeUndefined();
  });

  it('shows what holds a stack and goes on trying', async () => {
    await ready();
    scenario.world.cloud.faults.order({
      service: 'orchestration',
      method: 'DELETE',
      times: 4,
      action: { status: 500 },
    });

    await scenario.delete();
    const { cluster } = await scenario.timeToReason();
    await scenario.until((seen) => seen === undefined);

    expect(cluster?.statusReason).toMatch(/^\[cloud_unavailable\] Heat answered 500/);
    expect(scenario.leftovers()).toEqual({});
  });

  it('keeps events and operations readable for thirty days', async () => {
    await ready();
    const uuid = (await scenario.cluster())?.uuid;
    await scenario.delete();
    await scenario.until((cluster) => cluster === undefined);

    const told = await scenario.expectStatus('GET', `/clusters/${uuid}/events`, undefined, 200);

    expect(JSON.stringify(told)).toContain('operation_succeeded');
  });
});
