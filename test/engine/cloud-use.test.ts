import { events } from '../../common/db/events.js';
import { nodeTasks } from '../../common/db/node-tasks.js';
import { secrets } from '../../common/db/secrets.js';
import { KUBERNETES_TEMPLATE, Scenario } from './scenario.js';

/** What a cluster with both labels does in its cloud, played: the add-ons' own programs run nowhere here. */
const LABELS = { cloud_provider_enabled: 'true', cinder_csi_enabled: 'true' };
const HOUR_MS = 3_600_000;
const HALF_LIFE_MS = 12 * HOUR_MS;

/** Half a day of nodes, once. */
jest.setTimeout(120_000);

let scenario: Scenario;
let asleep = false;

afterEach(() => scenario.stop());

async function start(options: Parameters<typeof Scenario.start>[0] = {}, labels: object = LABELS): Promise<void> {
  const defaults = {
    settings: { BAYOU_KUBERNETES__CREDENTIAL_DAYS: '1' },
    nodes: { silent: () => asleep },
    cloud: { tokenLifetimeMs: 1000 * HOUR_MS },
  };
  scenario = await Scenario.start({ ...defaults, ...options }, { ...KUBERNETES_TEMPLATE, labels } as { name: string });
}

async function startWithCluster(
  options: Parameters<typeof Scenario.start>[0] = {},
  order: Record<string, unknown> = {},
): Promise<void> {
  await start(options);
  await scenario.create({ node_count: 1, ...order });
  expect(await scenario.settled()).toMatchObject({ status: 'CREATE_COMPLETE', statusReason: undefined });
}

const cloud = () => scenario.world.cloud.state;
const credentials = () => [...cloud().identity.applicationCredentials.values()];
const told = (kind: string) => scenario.world.db.read('check', (query) => events.list(query, { kind }));
const consoles = () =>
  [...cloud().compute.servers.values()].map(({ playing }) => playing?.consoleLog?.() ?? '').join('\n');

/** As the programs would: with what the master was given. */
async function logIn(): Promise<string> {
  const [credential] = credentials();
  const { headers } = await send('', 'identity/v3/auth/tokens', {
    auth: {
      identity: {
        methods: ['application_credential'],
        application_credential: { id: credential?.id, secret: credential?.secret },
      },
    },
  });
  return headers.get('x-subject-token') ?? '';
}

async function send(
  token: string,
  path: string,
  body?: object,
): Promise<{ status: number; headers: Headers; body: never }> {
  const answer = await fetch(`${cloud().url}/${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Auth-Token': token },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, body: (text === '' ? {} : JSON.parse(text)) as never };
}

/** A Service and a claim: a load balancer in the cluster's network, a floating address, a volume with a snapshot. */
async function makeThings(token: string, clusterId: string, projectId: string): Promise<void> {
  const subnets = [...cloud().network.subnets.values()];
  const subnet = ['c-', 'private-'].flatMap((start) => subnets.filter(({ name }) => name.startsWith(start)))[0];
  const external = [...cloud().network.networks.values()].find((network) => network['router:external']);
  const balancer = {
    name: `kube_service_${clusterId}_default_web`,
    description: `Kubernetes external service default/web from cluster ${clusterId}`,
    vip_subnet_id: subnet?.id,
  };
  const metadata = { 'cinder.csi.openstack.org/cluster': clusterId };
  const description = `Floating IP for Kubernetes external service default/web from cluster ${clusterId}`;
  const made = [
    await send(token, 'load-balancer/v2.0/lbaas/loadbalancers', { loadbalancer: balancer }),
    await send(token, 'network/v2.0/floatingips', { floatingip: { floating_network_id: external?.id, description } }),
    await send(token, `block-storage/v3/${projectId}/volumes`, { volume: { name: 'pvc-1', size: 3, metadata } }),
  ];
  expect(made.map(({ status }) => status)).toEqual([201, 201, 202]);
  const volume = [...cloud().volumes.values()].find(
    (each) => each.metadata['cinder.csi.openstack.org/cluster'] === clusterId,
  );
  const snapshot = { name: 'snapshot-1', volume_id: volume?.id };
  expect((await send(token, `block-storage/v3/${projectId}/snapshots`, { snapshot })).status).toBe(202);
}

async function cluster(): Promise<{ uuid: string; projectId: string }> {
  const found = await scenario.cluster();
  if (found === undefined) throw new Error('there is no cluster');
  return found;
}

describe('a cluster that uses its cloud', () => {
  it('has a credential with few roles and an end, which only masters get, and nobody finds elsewhere', async () => {
    await startWithCluster();

    const [credential, ...others] = credentials();
    const { uuid } = await cluster();
    const roles = (credential?.roleIds ?? []).map((id) => cloud().identity.roles.get(id)?.name);
    const stored = await scenario.world.db.read('check', (query) => secrets.find(query, { name: 'cloud-credential' }));
    const stacks = [...cloud().orchestration.stacks.values()].map(({ template, parameters }) => [template, parameters]);

    expect(others).toEqual([]);
    expect(credential).toMatchObject({ name: `cloud-1-${uuid}`, accessRules: undefined });
    expect(roles).toContain('member');
    expect(roles).not.toContain('admin');
    expect(credential?.expiresAt).toBeGreaterThan(scenario.world.clock.now());
    expect(stored).toMatchObject({ readableBy: ['master'], writableBy: [] });
    expect(stored?.sealed).not.toContain(credential?.secret);
    expect(JSON.stringify(stacks)).not.toContain(credential?.secret);
    expect(consoles()).toContain(`the cluster logs in to the cloud with ${credential?.id}`);
    const names = (await told('addon_ready')).map(({ details }) => details.addon);
    expect(names).toEqual(['cloud-controller', 'coredns', 'metrics-server', 'cinder-csi']);
  });

  it('is deleted with all that it made, and with nothing that others made', async () => {
    await startWithCluster();
    const { uuid, projectId } = await cluster();
    const token = await logIn();
    await makeThings(token, uuid, projectId);
    const alike = { name: 'pvc-2', size: 1, metadata: { 'cinder.csi.openstack.org/cluster': `${uuid}x` } };
    await send(token, `block-storage/v3/${projectId}/volumes`, { volume: alike });
    const [mine] = [...cloud().volumes.values()].filter(({ name }) => name === 'pvc-1');
    if (mine === undefined) throw new Error('there is no volume');
    cloud().volumes.set('of-another-project', { ...mine, id: 'of-another-project', name: 'theirs', projectId: 'b' });

    await scenario.delete();
    await scenario.until((seen) => seen === undefined);

    expect(scenario.leftovers()).toEqual({ volumes: ['pvc-2', 'theirs'] });
    const removed = (await told('resource_removed')).map(({ message }) => message).join('\n');
    for (const what of [
      'load balancer kube_service_',
      'floating address 172.24.4.',
      'volume pvc-1',
      'snapshot snapshot-1',
    ]) {
      expect(removed).toContain(what);
    }
    // From the beginning of the delete on.
    expect((await send(token, 'network/v2.0/floatingips')).status).toBe(401);
  });

  it('keeps the volumes on request, with their snapshots, and names them', async () => {
    await startWithCluster();
    const { uuid, projectId } = await cluster();
    await makeThings(await logIn(), uuid, projectId);

    await scenario.expectStatus('DELETE', '/clusters/c?keep_volumes=true', undefined, 204);
    await scenario.until((seen) => seen === undefined);

    expect(scenario.leftovers()).toEqual({ volumes: ['pvc-1'], snapshots: ['snapshot-1'] });
    const kept = await told('resource_kept');
    expect(kept.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^Kept on request: volume pvc-1 \([0-9a-f-]{36}, 3 GiB\)$/),
    ]);
  });

  it('keeps the load balancers on request, with their floating addresses, and names them', async () => {
    const existing = { fixed_network: 'private', fixed_subnet: 'private-subnet', floating_ip_enabled: false };
    await startWithCluster({}, existing);
    const { uuid, projectId } = await cluster();
    await makeThings(await logIn(), uuid, projectId);

    await scenario.expectStatus('DELETE', '/clusters/c?keep_load_balancers=true', undefined, 204);
    await scenario.until((seen) => seen === undefined);

    const { loadBalancers, floatingIps, ...others } = scenario.leftovers();
    expect(loadBalancers).toEqual([`kube_service_${uuid}_default_web`]);
    expect(floatingIps).toHaveLength(1);
    expect(Object.keys(others).filter((kind) => kind !== 'ports')).toEqual([]);
    expect((await told('resource_kept')).map(({ message }) => message)).toEqual([
      expect.stringMatching(/^Kept on request: load balancer kube_service_\S+_default_web \([0-9a-f-]{36}\)$/),
      expect.stringMatching(/^Kept on request: floating address 172\.24\.4\.\d+ \([0-9a-f-]{36}\)$/),
    ]);
    expect((await told('operation_accepted')).map(({ message }) => message)).toContain(
      'Delete accepted; load balancers that Services asked for are kept, with their floating addresses.',
    );
  });

  it('refuses to keep load balancers in a network that goes with the cluster', async () => {
    await startWithCluster();

    const refused = await scenario.expectStatus('DELETE', '/clusters/c?keep_load_balancers=true', undefined, 409);

    expect(JSON.stringify(refused)).toContain("keep_load_balancers: the cluster's own network goes with it");
    expect((await scenario.cluster())?.status).toBe('CREATE_COMPLETE');
  });

  it('is deleted with all that it made although someone deleted its account', async () => {
    await startWithCluster();
    const { uuid, projectId } = await cluster();
    await makeThings(await logIn(), uuid, projectId);
    const account = [...cloud().identity.users.values()].find(({ name }) => name.endsWith(`_${projectId}`));
    cloud().identity.removeUser(account?.id ?? '');

    await scenario.delete();
    await scenario.until((seen) => seen === undefined);

    expect(scenario.leftovers()).toEqual({});
  });

  it('waits for a volume that is in use, and says for what', async () => {
    await startWithCluster({ settings: { BAYOU_CLUSTER_HEAT__DELETE_TIMEOUT: '2' } });
    const { uuid, projectId } = await cluster();
    await makeThings(await logIn(), uuid, projectId);
    const [volume] = cloud().volumes.values();
    const other = { id: 'not-ours' } as never;
    cloud().compute.servers.set('not-ours', other);
    cloud().snapshots.clear();
    if (volume !== undefined) volume.serverId = 'not-ours';

    await scenario.delete();
    const isWaiting = async () =>
      (await scenario.operations()).some(({ progress }) => progress.at(-1)?.waitingFor?.includes('volume pvc-1'));
    await scenario.world.clock.runUntil(isWaiting, { limitMs: HOUR_MS });
    const { operations } = (await scenario.expectStatus('GET', '/clusters/c/operations', undefined, 200)) as {
      operations: unknown[];
    };
    expect(operations.at(-1)).toMatchObject({
      status: 'waiting',
      reason: null,
      timeout_reason: { code: 'delete_unverified', message: expect.stringContaining('volume pvc-1') },
    });
    await scenario.until((seen) => seen?.status === 'DELETE_FAILED');

    expect((await scenario.cluster())?.statusReason).toMatch(
      /^\[delete_unverified\] what the cluster made .*volume pvc-1/,
    );
    cloud().compute.servers.delete('not-ours');
    await scenario.delete();
    await scenario.until((seen) => seen === undefined);
    expect(scenario.leftovers()).toEqual({});
  });
});

describe('the credential', () => {
  it('is good for nothing but its requests where services know rules', async () => {
    await startWithCluster({ settings: { BAYOU_KUBERNETES__CREDENTIAL_ACCESS_RULES: 'true' } });
    const { uuid, projectId } = await cluster();
    const token = await logIn();

    await makeThings(token, uuid, projectId);
    const refused = [
      await send(token, `orchestration/v1/${projectId}/stacks`),
      await send(token, 'compute/v2.1/servers', { server: {} }),
      await send(token, 'network/v2.0/networks', { network: {} }),
    ];

    expect(refused.map(({ status }) => status)).toEqual([401, 401, 401]);
    expect((await send(token, 'compute/v2.1/servers')).status).toBe(200);
  });

  it('gets a successor at half of its life, and goes when a master has that', async () => {
    await startWithCluster();
    const [first] = credentials();

    scenario.world.killAll();
    asleep = true;
    await scenario.world.clock.advance(HALF_LIFE_MS);
    asleep = false;
    await scenario.world.startProcess();
    const renewed = async () => (await scenario.operations()).find(({ kind }) => kind === 'renew_credential');
    await scenario.world.clock.runUntil(async () => (await renewed())?.status === 'succeeded', { limitMs: HOUR_MS });

    const [second, ...others] = credentials();
    const { uuid } = await cluster();
    expect(others).toEqual([]);
    expect(second?.id).not.toBe(first?.id);
    expect(second?.name).toBe(`cloud-2-${uuid}`);
    expect(consoles()).toContain(`the cluster logs in to the cloud with ${second?.id}`);
    const tasks = await scenario.world.db.read('check', (query) => nodeTasks.list(query, { name: 'cloud-credential' }));
    expect(tasks.map(({ state }) => state)).toEqual(['succeeded']);
    expect(await scenario.cluster()).toMatchObject({ status: 'CREATE_COMPLETE', statusReason: undefined });
  });

  it('whose making was cut off after it took effect is made again', async () => {
    await start();
    scenario.world.cloud.faults.order({
      service: 'identity',
      method: 'POST',
      path: '/application_credentials$',
      action: 'cutAfter',
      times: 1,
    } as never);
    await scenario.create({ node_count: 0 });

    expect(await scenario.settled()).toMatchObject({ status: 'CREATE_COMPLETE', statusReason: undefined });
    expect(credentials()).toHaveLength(1);
    const text = `the cluster logs in to the cloud with ${credentials()[0]?.id}`;
    expect(consoles()).toContain(text);
  });

  it('is not to be had for an account under a trust: refused before anything is made', async () => {
    await start({ settings: { BAYOU_TRUST__ACCOUNT_KIND: 'trust' } });

    const order = { name: 'c', cluster_template_id: 'kubernetes', node_count: 1 };
    const refused = JSON.stringify(await scenario.expectStatus('POST', '/clusters', order, 400));

    expect(refused).toContain('labels.cloud_provider_enabled');
    expect(refused).toContain('[trust] account_kind = trust');
    expect(scenario.leftovers()).toEqual({});
  });

  it('of an account without any of the roles is waited for', async () => {
    await start({ settings: { BAYOU_KUBERNETES__CREDENTIAL_ROLES: 'nobody' } });
    await scenario.create();

    const { cluster: seen } = await scenario.timeToReason();

    expect(seen?.statusReason).toMatch(/^\[forbidden\] the cluster's account has none of the roles .*: nobody/);
  });

  it('is none of clusters that ask for nothing', async () => {
    await start({}, {});
    await scenario.create({ node_count: 0 });
    await scenario.settled();

    expect(credentials()).toEqual([]);
    expect(await scenario.world.db.read('check', (query) => secrets.find(query, { name: 'cloud-credential' }))).toBe(
      undefined,
    );
  });
});
