import { Scenario, TEMPLATE } from './scenario.js';

let scenario: Scenario;

afterEach(() => scenario.stop());

/** What issue and design promise: from the cloud's fault to the reason. */
const PROMISED_MS = 5000;

describe('why a create failed', () => {
  it('names the quota with its numbers within seconds of the refusal', async () => {
    scenario = await Scenario.start();
    await scenario.create();
    // After the order was looked at.
    scenario.world.cloud.quotas.order(scenario.projectId, { cores: 2 });

    await scenario.until((cluster) => cluster?.stackId !== undefined);
    const { cluster, ms } = await scenario.timeToReason();

    expect(cluster?.status).toBe('CREATE_FAILED');
    expect(cluster?.statusReason).toMatch(
      /^\[quota_exceeded\] server c-\w+-worker-\d.*cores.*2 cores.*; user: free something/,
    );
    expect(ms).toBeLessThanOrEqual(PROMISED_MS);
    expect(cluster?.reason).toMatchObject({ code: 'quota_exceeded', actor: 'user', retryable: false });
    expect(Object.keys(cluster?.faults ?? {})).toContain('default-worker');
  });

  it('tells how to mend an image that lost its os_distro after the order', async () => {
    scenario = await Scenario.start();
    const image = [...scenario.world.cloud.state.images.values()].find(({ name }) => name === 'debian-12');
    delete (image as unknown as Record<string, unknown>).os_distro;

    await scenario.create();
    const { cluster, ms } = await scenario.timeToReason();

    expect(cluster?.status).toBe('CREATE_FAILED');
    expect(cluster?.statusReason).toMatch(
      /^\[image_without_os_distro\] image debian-12 .*openstack image set --property os_distro=/,
    );
    expect(ms).toBeLessThanOrEqual(PROMISED_MS);
  });

  it('refuses a template whose image has no os_distro with the same sentence', async () => {
    scenario = await Scenario.start();

    const refused = await scenario.world.request('POST', '/clustertemplates', { ...TEMPLATE, image_id: 'plain' });

    expect(refused?.status).toBe(400);
    expect(JSON.stringify(refused?.data)).toContain('openstack image set --property os_distro=');
  });

  it('names node, step and the last line of the log when a step fails', async () => {
    const failStep = (node: string, step: string) =>
      node.endsWith('worker-1') && step === 'docker-install'
        ? 'Reading package lists...\nE: Unable to locate package docker.io'
        : undefined;
    scenario = await Scenario.start({ nodes: { failStep } });

    await scenario.create();
    await scenario.until((cluster) => cluster?.stackId !== undefined);
    const boot = await scenario.until(() => scenario.world.cloud.everything().servers.length === 3);
    const { cluster, ms } = await scenario.timeToReason();

    expect(boot?.statusReason).toBeUndefined();
    expect(cluster?.status).toBe('CREATE_FAILED');
    expect(cluster?.statusReason).toMatch(
      /^\[node_step_failed\] Step docker-install of node c-\w+-worker-1 failed: E: Unable to locate package docker\.io; user: /,
    );
    expect(ms).toBeLessThanOrEqual(PROMISED_MS + 2000); // the boot and the step itself take two seconds
  });

  it('shows what a node waits for while it tries again, and forgets it when the step is done', async () => {
    let isAway = true;
    const waitStep = (node: string, step: string) =>
      isAway && node.endsWith('worker-1') && step === 'docker-install' ? 'the sources do not answer' : undefined;
    scenario = await Scenario.start({ nodes: { waitStep } });

    await scenario.create();
    const { cluster } = await scenario.timeToReason();

    expect(cluster?.status).toBe('CREATE_IN_PROGRESS');
    expect(cluster?.statusReason).toMatch(
      /^\[node_step_waiting\] Step docker-install of node c-\w+-worker-1 waits: the sources do not answer; operator: /,
    );
    isAway = false;
    expect(await scenario.settled()).toMatchObject({ status: 'CREATE_COMPLETE', statusReason: undefined });
  });

  it('ends at the deadline with what a node waits for to the last', async () => {
    const waitStep = (node: string, step: string) =>
      node.endsWith('worker-1') && step === 'docker-install' ? 'the sources do not answer' : undefined;
    scenario = await Scenario.start({ nodes: { waitStep } });

    await scenario.create({ create_timeout: 10 });
    const since = scenario.world.clock.now();
    const cluster = await scenario.settled();

    expect(cluster?.status).toBe('CREATE_FAILED');
    expect(cluster?.statusReason).toMatch(/^\[node_step_waiting\] Step docker-install of node c-\w+-worker-1 waits: /);
    expect(scenario.world.clock.now() - since).toBeGreaterThanOrEqual(600_000);
  });

  it('of a resize is no failure of the one before that the node gets over', async () => {
    let isBroken = true;
    const failStep = (node: string, step: string) =>
      isBroken && node.endsWith('worker-2') && step === 'docker-install' ? 'E: the disk is full' : undefined;
    scenario = await Scenario.start({ nodes: { failStep } });
    await scenario.create();
    await scenario.settled();
    await scenario.resize({ node_count: 3 });
    expect(await scenario.settled()).toMatchObject({ status: 'UPDATE_FAILED' });

    isBroken = false;
    await scenario.resize({ node_count: 3 });

    expect(await scenario.settled()).toMatchObject({ status: 'UPDATE_COMPLETE', statusReason: undefined });
  });

  it("gives Nova's fault, not Heat's wrapping, when no host has room", async () => {
    scenario = await Scenario.start();
    scenario.world.cloud.faults.order({
      server: 'worker-1$',
      action: { error: 'No valid host was found. There are not enough hosts available.' },
    });

    await scenario.create();
    const { cluster } = await scenario.timeToReason();

    expect(cluster?.statusReason).toMatch(/^\[no_valid_host\] server c-\w+-worker-1: No valid host was found/);
    expect(cluster?.reason?.actor).toBe('operator');
  });

  it('tells which nodes never reported when the deadline passes, to the second', async () => {
    scenario = await Scenario.start({ nodes: { silent: (node) => node.endsWith('worker-0') } });

    await scenario.create({ create_timeout: 10 });
    const cluster = await scenario.settled();

    expect(cluster?.status).toBe('CREATE_FAILED');
    expect(cluster?.statusReason).toMatch(/^\[node_silent\] 1 of 3 nodes never reported: c-\w+-worker-0; operator:/);
    const [operation] = await scenario.operations();
    expect((operation?.finishedAt ?? 0) - (operation?.deadlineAt ?? 0)).toBeLessThanOrEqual(1000);
  });

  it('leaves nothing behind when the failed cluster is deleted', async () => {
    scenario = await Scenario.start();
    await scenario.create();
    scenario.world.cloud.quotas.order(scenario.projectId, { instances: 1 });
    await scenario.settled();

    await scenario.delete();
    await scenario.until((cluster) => cluster === undefined);

    expect(scenario.leftovers()).toEqual({});
  });
});

describe('while an operation goes on', () => {
  it('shows a service that is away, tries again, and ends well', async () => {
    scenario = await Scenario.start();
    scenario.world.cloud.faults.order({ service: 'orchestration', method: 'POST', times: 3, action: { status: 503 } });

    await scenario.create();
    const { cluster: during } = await scenario.timeToReason();
    const after = await scenario.settled();

    expect(during?.status).toBe('CREATE_IN_PROGRESS');
    expect(during?.statusReason).toMatch(/^\[cloud_unavailable\] Heat answered 503/);
    expect(after).toMatchObject({ status: 'CREATE_COMPLETE', statusReason: undefined });
  });

  it('tries again when Heat passes on a fault of its engine, as it does while a stack is going', async () => {
    scenario = await Scenario.start();
    const message = 'Remote error: StaleDataError UPDATE statement on table matched 0 rows';
    const body = { error: { type: 'RemoteError', message } };
    scenario.world.cloud.faults.order({
      service: 'orchestration',
      method: 'POST',
      times: 3,
      action: { status: 500, body },
    });

    await scenario.create();
    const { cluster: during } = await scenario.timeToReason();
    const after = await scenario.settled();

    expect(during?.statusReason).toMatch(/^\[cloud_unavailable\] Heat answered 500: Remote error: StaleDataError/);
    expect(after).toMatchObject({ status: 'CREATE_COMPLETE', statusReason: undefined });
  });

  it('waits for the operator when what Heat passes on is a refusal, and goes on by itself', async () => {
    scenario = await Scenario.start();
    const message = 'Remote error: Forbidden You are not authorized to perform the requested action.';
    const body = { error: { type: 'RemoteError', message } };
    scenario.world.cloud.faults.order({
      service: 'orchestration',
      method: 'POST',
      times: 5,
      action: { status: 500, body },
    });

    await scenario.create();
    const { cluster: blocked } = await scenario.timeToReason();
    const [waiting] = await scenario.operations();
    const after = await scenario.settled();

    expect(blocked?.statusReason).toMatch(/^\[forbidden\] Heat answered 500: Remote error: Forbidden.*; operator: /);
    expect(waiting?.status).toBe('blocked');
    expect(after).toMatchObject({ status: 'CREATE_COMPLETE', statusReason: undefined });
  });

  it('shows why a server is made again until it is there', async () => {
    scenario = await Scenario.start();
    scenario.world.cloud.faults.order({ server: 'worker-0$', action: { error: 'No valid host was found.' } });
    scenario.world.cloud.faults.order({ server: 'worker-1$', action: 'neverBoots' });

    await scenario.create();
    const { cluster: during } = await scenario.timeToReason();
    const after = await scenario.until((cluster) => cluster?.statusReason === undefined, 60_000);

    expect(during?.statusReason).toMatch(/^\[no_valid_host\] server c-\w+-worker-0: No valid host/);
    expect(after?.status).toBe('CREATE_IN_PROGRESS');
  });

  it('waits for someone who must act with the deadline standing still, and goes on by itself', async () => {
    scenario = await Scenario.start();
    const refusal = {
      service: 'identity',
      method: 'PUT',
      path: '/roles/',
      times: 100_000,
      action: { status: 403 },
    } as const;
    scenario.world.cloud.faults.order(refusal);

    await scenario.create({ create_timeout: 5 });
    const { cluster: blocked, ms } = await scenario.timeToReason();
    await scenario.world.clock.advance(3_600_000);
    const [waiting] = await scenario.operations();
    scenario.world.cloud.faults.clear();
    const after = await scenario.settled();

    expect(blocked?.statusReason).toMatch(/^\[account_refused\] Keystone answered 403.*; operator: /);
    expect(ms).toBeLessThanOrEqual(PROMISED_MS);
    expect(waiting?.status).toBe('blocked');
    expect(after?.status).toBe('CREATE_COMPLETE');
    expect((await scenario.eventKinds()).filter((kind) => kind === 'operation_blocked')).toHaveLength(1);
  });

  it('makes an account anew that was taken away in the middle, and all that was lost with it', async () => {
    scenario = await Scenario.start();
    const { identity, orchestration } = scenario.world.cloud.state;

    await scenario.create();
    await scenario.until(() => scenario.world.cloud.everything().servers.length === 3);
    for (const { id, description } of identity.users.values()) {
      if (description.startsWith('Account of')) identity.removeUser(id);
    }
    const { cluster: blocked } = await scenario.timeToReason();
    const after = await scenario.settled();

    expect(blocked?.statusReason).toMatch(/^\[account_refused\] /);
    expect(after?.status).toBe('CREATE_COMPLETE');
    expect(orchestration.stacks.size).toBe(scenario.leftovers().stacks?.length);
  });

  it('gives up on someone who does not act for as long as the operator set', async () => {
    scenario = await Scenario.start({ settings: { BAYOU_CONDUCTOR__BLOCKED_HOURS: '1' } });
    scenario.world.cloud.faults.order({
      service: 'identity',
      method: 'PUT',
      path: '/roles/',
      times: 100_000,
      action: { status: 403 },
    });

    await scenario.create();
    const { ms } = await scenario.timeToReason();
    await scenario.until((cluster) => cluster?.status === 'CREATE_FAILED', 3_700_000);

    expect(ms).toBeLessThanOrEqual(PROMISED_MS);
    expect((await scenario.operations())[0]).toMatchObject({ status: 'failed', reason: { code: 'account_refused' } });
  });
});
