import { nodeTasks } from '../../common/db/node-tasks.js';
import { nodes } from '../../common/db/nodes.js';
import { secrets } from '../../common/db/secrets.js';
import { beginRenewals } from '../../conductor/registry/renewal.js';
import { FakeIds } from '../support/fake-ids.js';
import { Scenario, TEMPLATE } from './scenario.js';

const HOUR_MS = 3_600_000;
/** Of logins that are good for a day. */
const HALF_LIFE_MS = 12 * HOUR_MS;
const WITH_REGISTRY = { ...TEMPLATE, registry_enabled: true };
const silentNodes = new Set<string>();
let asleep = false;

/** Half a day of three nodes, more than once. */
jest.setTimeout(120_000);

let scenario: Scenario;

afterEach(() => scenario.stop());
beforeEach(() => silentNodes.clear());

async function start(options: Parameters<typeof Scenario.start>[0] = {}): Promise<void> {
  const defaults = {
    settings: { BAYOU_DOCKER_REGISTRY__LOGIN_DAYS: '1' },
    nodes: { silent: (name: string) => asleep || silentNodes.has(name) },
    cloud: { tokenLifetimeMs: 1000 * HOUR_MS },
  };
  scenario = await Scenario.start({ ...defaults, ...options }, WITH_REGISTRY);
}

async function startWithCluster(order: object = {}): Promise<void> {
  await start();
  await scenario.create(order);
  expect(await scenario.settled()).toMatchObject({ status: 'CREATE_COMPLETE', statusReason: undefined });
}

const containers = () => [...scenario.world.cloud.state.containers.values()];
const registryUsers = () =>
  [...scenario.world.cloud.state.identity.users.values()].filter(({ name }) => name.startsWith('registry-'));
const consoles = () =>
  [...scenario.world.cloud.state.compute.servers.values()].map(({ playing }) => playing?.consoleLog?.() ?? '');
const renewals = async () => (await scenario.operations()).filter(({ kind }) => kind === 'renew_registry');

/** Jumps over the time in which nothing happens: nodes and processes hold still. */
async function pass(ms: number): Promise<void> {
  scenario.world.killAll();
  asleep = true;
  await scenario.world.clock.advance(ms);
  asleep = false;
  await scenario.world.startProcess();
}

describe('a cluster with a registry', () => {
  it('has a container of its own, and a user whose only right is to use it', async () => {
    await startWithCluster();

    const [user] = registryUsers();
    const [container] = containers();
    const { identity } = scenario.world.cloud.state;
    expect(containers()).toHaveLength(1);
    expect(container).toMatchObject({
      id: `AUTH_${scenario.projectId}/${container?.name}`,
      name: expect.stringMatching(/^c-[0-9a-f]{8}-registry$/),
      read: [`*:${user?.id}`],
      write: [`*:${user?.id}`],
    });
    expect([...identity.grants.values()].filter(({ userId }) => userId === user?.id)).toEqual([]);
    for (const text of consoles()) {
      expect(text).toContain(`the registry logs in as ${user?.id} to ${container?.name}`);
    }
  });

  it('works under a trust too, since the login is none of the account', async () => {
    await start({ settings: { BAYOU_TRUST__ACCOUNT_KIND: 'trust' } });
    await scenario.create();
    const cluster = await scenario.settled();

    await scenario.delete();
    await scenario.until((seen) => seen === undefined);

    expect(cluster).toMatchObject({ status: 'CREATE_COMPLETE', statusReason: undefined });
    expect(scenario.leftovers()).toEqual({});
  });

  it('keeps the login out of Heat and of user data', async () => {
    await startWithCluster();

    const { orchestration, compute } = scenario.world.cloud.state;
    const password = registryUsers()[0]?.password ?? 'none';
    expect(
      JSON.stringify([...orchestration.stacks.values()].map(({ template, parameters }) => [template, parameters])),
    ).not.toContain(password);
    expect(JSON.stringify([...compute.servers.values()].map(({ userData }) => userData))).not.toContain(password);
    const sealed = await scenario.world.db.read('check', (query) => secrets.find(query, { name: 'registry-login' }));
    expect(sealed?.sealed).not.toContain(password);
  });

  it('is deleted with all images, however many, and with its users', async () => {
    await startWithCluster();
    const [container] = containers();
    for (let index = 0; index < 1200; index++)
      container?.objects.set(`files/${index}`, { content: Buffer.alloc(0), meta: {} });

    await scenario.delete();
    await scenario.until((cluster) => cluster === undefined);

    expect(scenario.leftovers()).toEqual({});
  });

  it('is deleted although someone deleted its account and its container', async () => {
    await startWithCluster();
    const { identity, containers: all } = scenario.world.cloud.state;
    const account = [...identity.users.values()].find(({ name }) => name.endsWith(`_${scenario.projectId}`));
    identity.removeUser(account?.id ?? '');
    all.clear();

    await scenario.delete();
    await scenario.until((cluster) => cluster === undefined);

    expect(scenario.leftovers()).toMatchObject({});
    expect(registryUsers()).toEqual([]);
  });

  it('waits for someone who may delete its container when nobody may, and goes on by itself', async () => {
    await startWithCluster();
    const { identity } = scenario.world.cloud.state;
    const account = [...identity.users.values()].find(({ name }) => name.endsWith(`_${scenario.projectId}`));
    const service = [...identity.users.values()].find(({ name }) => name === 'magnum');
    const admin = [...identity.roles.values()].find(({ name }) => name === 'ResellerAdmin');
    const home = [...identity.projects.values()].find(({ name }) => name === 'service');
    if (account !== undefined) account.password = 'not what Bayou knows';
    identity.revokeTokens(account?.id ?? '');

    await scenario.delete();
    const cluster = await scenario.until((seen) => seen?.statusReason?.includes('container_unreachable') === true);
    identity.grant({
      userId: service?.id ?? '',
      roleId: admin?.id ?? '',
      target: { kind: 'project', id: home?.id ?? '' },
    });
    await scenario.until((seen) => seen === undefined);

    expect(cluster?.statusReason).toMatch(/^\[container_unreachable\] .* container c-[0-9a-f]{8}-registry /);
    expect(containers()).toEqual([]);
    expect(registryUsers()).toEqual([]);
  });

  it('says whose turn it is when Swift refuses the account', async () => {
    await start();
    scenario.world.cloud.faults.order({
      service: 'object-store',
      method: 'PUT',
      action: { status: 403, body: 'Access was denied to this resource.' },
      times: 1000,
    });

    await scenario.create();
    const { cluster } = await scenario.timeToReason();

    expect(cluster?.statusReason).toMatch(/^\[object_store_refused\] Swift answered 403: .*operator: .*operator_roles/);
  });
});

describe('the login of a registry', () => {
  it('is renewed at half of its life, and the old one goes when every node has the new one', async () => {
    await startWithCluster();
    const [first] = registryUsers();

    await pass(HALF_LIFE_MS);
    await scenario.world.clock.runUntil(async () => (await renewals())[0]?.status === 'succeeded', {
      limitMs: HOUR_MS,
    });

    const [second, ...others] = registryUsers();
    expect(others).toEqual([]);
    expect(second?.id).not.toBe(first?.id);
    expect(containers()[0]).toMatchObject({ read: [`*:${second?.id}`], write: [`*:${second?.id}`] });
    for (const text of consoles()) expect(text).toContain(`the registry logs in as ${second?.id}`);
    expect(await scenario.cluster()).toMatchObject({ status: 'CREATE_COMPLETE', statusReason: undefined });
    expect(await renewals()).toHaveLength(1);
  });

  it('stays good for a node that does not answer, until its time is over', async () => {
    await startWithCluster({ node_count: 1 });
    const [first] = registryUsers();
    const [node] = await scenario.world.db.read('check', (query) => nodes.list(query, { role: 'worker' }));
    silentNodes.add(node?.name ?? '');

    await pass(HALF_LIFE_MS);
    await scenario.world.clock.runUntil(async () => (await renewals())[0]?.status === 'succeeded', {
      limitMs: HOUR_MS,
    });
    const during = registryUsers().map(({ id }) => id);
    const admitted = containers()[0]?.read;
    await pass(HALF_LIFE_MS);
    await scenario.world.clock.runUntil(
      async () =>
        (await renewals()).at(-1)?.status === 'succeeded' && !registryUsers().some(({ id }) => id === first?.id),
      { limitMs: 2 * HOUR_MS },
    );

    expect(during).toContain(first?.id);
    expect(during).toHaveLength(2);
    expect(admitted).toEqual(during.map((id) => `*:${id}`));
    expect(containers()[0]?.read).not.toContain(`*:${first?.id}`);
    const tasks = await scenario.world.db.read('check', (query) => nodeTasks.list(query, { name: 'registry' }));
    expect(tasks.some(({ state, nodeId }) => state === 'failed' && nodeId === node?.uuid)).toBe(true);
  });

  it('is ordered under the same lock as the orders of users', async () => {
    await startWithCluster();
    const { db, clock } = scenario.world;
    const { version = 0 } = (await scenario.cluster()) ?? {};

    await beginRenewals({ db, clock, ids: new FakeIds(7), loginMs: 0 });

    expect(await renewals()).toHaveLength(1);
    expect(await scenario.cluster()).toMatchObject({ version: version + 1 });
  });

  it('gives way to what users order', async () => {
    await startWithCluster();
    for (const { name } of scenario.world.cloud.state.compute.servers.values()) silentNodes.add(name);
    await pass(HALF_LIFE_MS);
    await scenario.world.clock.runUntil(async () => (await renewals())[0]?.phase === 'tell_registries', {
      limitMs: HOUR_MS,
    });

    silentNodes.clear();
    await scenario.resize({ node_count: 3 });
    const cluster = await scenario.settled();

    expect(cluster).toMatchObject({ status: 'UPDATE_COMPLETE', statusReason: undefined });
    const [renewal] = await renewals();
    expect(renewal?.status).toBe('superseded');
    const tasks = await scenario.world.db.read('check', (query) =>
      nodeTasks.list(query, { operationId: renewal?.uuid ?? '' }),
    );
    expect(tasks.map(({ state, output }) => `${state}: ${output}`)).toEqual(
      Array(3).fill('failed: a newer resize took its place'),
    );
  });
});

describe('orders for a registry', () => {
  it('are refused where there is no Swift', async () => {
    await start({ cloud: { objectStore: false } });

    const order = { name: 'c', cluster_template_id: 'swarm' };
    const answer = await scenario.expectStatus('POST', '/clusters', order, 400);

    expect(JSON.stringify(answer)).toContain('registry_enabled: this cloud has no Swift');
  });

  it('are refused where Swift is in another region than the configured one', async () => {
    await start({ settings: { BAYOU_DOCKER_REGISTRY__SWIFT_REGION: 'Elsewhere' } });

    const order = { name: 'c', cluster_template_id: 'swarm' };
    const answer = await scenario.expectStatus('POST', '/clusters', order, 400);

    expect(JSON.stringify(answer)).toContain('registry_enabled: this cloud has no Swift');
  });

  it('are refused for images without packages', async () => {
    scenario = await Scenario.start();

    const template = { ...WITH_REGISTRY, name: 'other', image_id: 'flatcar' };
    const answer = await scenario.expectStatus('POST', '/clustertemplates', template, 400);

    expect(JSON.stringify(answer)).toContain('registry_enabled: docker-registry must be installed');
  });
});
