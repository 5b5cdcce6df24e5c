import { listServers } from '../../openstack/compute/servers.js';
import { listFailures } from '../../openstack/orchestration/events.js';
import { listResources } from '../../openstack/orchestration/resources.js';
import { deleteStack, findStack, findStackById } from '../../openstack/orchestration/stacks.js';
import { type DevcloudFixture, hot, NETWORK_RESOURCES, serverResource, startFixture } from './devcloud-fixture.js';

const ctx = {};
/** Heat makes what failed anew five times. */
const TRIES = 6;

describe("the development cloud's Heat", () => {
  let fixture: DevcloudFixture;
  beforeEach(async () => {
    fixture = await startFixture();
  });
  afterEach(() => fixture.stop());

  const serverIds = async (): Promise<Record<string, string>> => {
    const servers = await listServers(fixture.session, ctx, { namePrefix: '' });
    return Object.fromEntries(servers.map(({ name, id }) => [name, id]));
  };

  it('evaluates functions in properties and outputs, and orders resources by what they need', async () => {
    const resources = {
      address: {
        type: 'OS::Neutron::FloatingIP',
        properties: { floating_network: 'public', port_id: { get_resource: 'port' } },
      },
      ...NETWORK_RESOURCES,
    };
    const outputs = {
      fixed: { value: { get_attr: ['port', 'fixed_ips', 0, 'ip_address'] } },
      floating: { value: { get_attr: ['address', 'floating_ip_address'] } },
      text: {
        value: {
          str_replace: {
            template: 'a=$a ab=$ab list=$list',
            params: { $a: 1, $ab: { list_join: ['-', ['x', 'y'], ['z']] }, $list: [1, 2] },
          },
        },
      },
      name: { value: { get_param: 'OS::stack_name' } },
      nothing: { value: { get_attr: ['port', 'no_such_thing'] } },
    };

    const stack = await fixture.create('s', hot(resources, { outputs }));

    expect(stack).toMatchObject({ action: 'CREATE', status: 'COMPLETE' });
    expect(stack.outputs).toEqual({
      fixed: '10.0.0.2',
      floating: expect.stringMatching(/^172\.24\.4\./),
      text: 'a=1 ab=x-y-z list=[1,2]',
      name: 's',
      nothing: undefined,
    });
  });

  it('lets servers boot side by side', async () => {
    const resources = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`n${index}`, serverResource()]));
    const before = fixture.clock.now();

    await fixture.create('s', hot(resources));

    expect(fixture.clock.now() - before).toBeLessThan(6000);
  });

  it('changes only what has changed: adds, removes, keeps, replaces by the rule of the property', async () => {
    const policy = { user_data_update_policy: 'IGNORE' };
    const stack = await fixture.create(
      's',
      hot({
        kept: serverResource({ ...policy, user_data: 'one' }),
        renamed: serverResource({ metadata: { a: '1' } }),
        replaced: serverResource({ user_data: 'one' }),
        removed: serverResource(),
      }),
    );
    const before = await serverIds();

    await fixture.update(
      stack,
      hot({
        kept: serverResource({ ...policy, user_data: 'two' }),
        renamed: serverResource({ metadata: { a: '2' } }),
        replaced: serverResource({ user_data: 'two' }),
        added: serverResource(),
      }),
    );

    const after = await serverIds();
    expect(after).toEqual({
      's-kept': before['s-kept'],
      's-renamed': before['s-renamed'],
      's-replaced': expect.any(String),
      's-added': expect.any(String),
    });
    expect(after['s-replaced']).not.toBe(before['s-replaced']);
  });

  it('tells why a server failed, in the stack and in the resource, and makes it anew at the next update', async () => {
    fixture.cloud.faults.order({ server: '^s-bad', times: TRIES, action: { error: 'No valid host was found.' } });
    const template = hot({ good: serverResource(), bad: serverResource() });

    const failed = await fixture.create('s', template);
    const reason =
      'ResourceInError: resources.bad: Went to status ERROR due to "Message: No valid host was found., Code: 500"';
    expect(failed).toMatchObject({ status: 'FAILED', statusReason: `Resource CREATE failed: ${reason}` });
    const resources = await listResources(fixture.session, ctx, failed);
    expect(resources.find(({ name }) => name === 'bad')).toMatchObject({
      status: 'CREATE_FAILED',
      statusReason: reason,
    });
    const [server] = await listServers(fixture.session, ctx, { namePrefix: 's-bad' });
    expect(server).toMatchObject({ status: 'ERROR', fault: { code: 500, message: 'No valid host was found.' } });
    const before = await serverIds();

    expect(await fixture.update(failed, template)).toMatchObject({ action: 'UPDATE', status: 'COMPLETE' });
    const after = await serverIds();
    expect(after['s-good']).toBe(before['s-good']);
    expect(after['s-bad']).not.toBe(before['s-bad']);
  });

  it('makes a server that failed anew with another id, and tells why in the events meanwhile', async () => {
    fixture.cloud.faults.order({ server: '^s-bad', times: 2, action: { error: 'No valid host was found.' } });

    const stack = await fixture.create('s', hot({ bad: serverResource() }));
    const failures = await listFailures(fixture.session, ctx, stack);

    expect(stack).toMatchObject({ action: 'CREATE', status: 'COMPLETE' });
    expect(failures).toHaveLength(2);
    expect(failures[0]).toMatchObject({
      resourceName: 'bad',
      statusReason: expect.stringContaining('"Message: No valid host was found., Code: 500"'),
    });
    expect(await listServers(fixture.session, ctx, { namePrefix: 's-bad' })).toHaveLength(1);
  });

  it('tells of quotas and exhausted addresses in the words of the clients', async () => {
    const project = (await fixture.session.identity(ctx)).projectId ?? '';
    fixture.cloud.quotas.order(project, { cores: 1, floatingip: 0 });

    const cores = await fixture.create('cores', hot({ a: serverResource({ flavor: 'm1.medium' }) }));
    const floating = hot({ a: { type: 'OS::Neutron::FloatingIP', properties: { floating_network: 'public' } } });
    const address = await fixture.create('address', floating);

    expect(cores.statusReason).toMatch(
      /^Resource CREATE failed: Forbidden: resources\.a: Quota exceeded for cores: Requested 2, but already used 0 of 1 cores \(HTTP 403\)/,
    );
    expect(address.statusReason).toMatch(
      /^Resource CREATE failed: OverQuotaClient: resources\.a: Quota exceeded for resources: \['floatingip'\]/,
    );
  });

  it('gives a server that never boots up at the timeout, and deletes it all the same', async () => {
    fixture.cloud.faults.order({ server: 's-a', action: 'neverBoots' });

    const stack = await fixture.create('s', hot({ a: serverResource() }));
    expect(stack).toMatchObject({ status: 'FAILED', statusReason: 'Create timed out' });

    await deleteStack(fixture.session, ctx, stack);
    await fixture.clock.advance(1000);
    expect(await findStack(fixture.session, ctx, { name: 's' })).toBeUndefined();
    expect(await findStackById(fixture.session, ctx, stack)).toMatchObject({ action: 'DELETE', status: 'COMPLETE' });
    expect(fixture.cloud.everything().servers).toEqual([]);
  });

  it('deletes in reverse, and says what is in the way', async () => {
    const stack = await fixture.create('s', hot(NETWORK_RESOURCES));
    const group = [...fixture.cloud.state.network.securityGroups.values()].find(({ name }) => name === 's-group');
    const { body } = await fixture.session.request<{ port: { id: string } }>(ctx, {
      service: 'network',
      method: 'POST',
      path: '/ports',
      body: { port: { network_id: [...fixture.cloud.state.network.networks.keys()][1], security_groups: [group?.id] } },
    });

    await deleteStack(fixture.session, ctx, stack);
    expect(await fixture.settle('s')).toMatchObject({
      action: 'DELETE',
      status: 'FAILED',
      statusReason: expect.stringContaining(`Conflict: resources.group: Security Group ${group?.id} in use.`),
    });

    await fixture.session.request(ctx, { service: 'network', method: 'DELETE', path: `/ports/${body.port.id}` });
    await deleteStack(fixture.session, ctx, stack);
    await fixture.clock.advance(5000);
    expect(Object.values(fixture.cloud.everything()).flat()).toEqual([]);
  });

  it('keeps what a failed update was to remove, when it is wanted again', async () => {
    const stack = await fixture.create('s', hot({ a: serverResource() }));
    const before = await serverIds();
    fixture.cloud.faults.order({ server: 's-b', times: TRIES, action: { error: 'No valid host was found.' } });

    expect(await fixture.update(stack, hot({ b: serverResource() }))).toMatchObject({ status: 'FAILED' });
    expect(await fixture.update(stack, hot({ a: serverResource() }))).toMatchObject({ status: 'COMPLETE' });

    expect(await serverIds()).toEqual(before);
  });

  it.each([
    [{ a: { type: 'OS::Neutron::Net', depends_on: ['b'] } }, 'The specified reference "b" (in a) is incorrect.'],
    [
      { a: { type: 'OS::Neutron::Net', depends_on: 'b' }, b: { type: 'OS::Neutron::Net', depends_on: 'a' } },
      "Circular Dependency Found: ['a', 'b']",
    ],
    [
      { a: { type: 'OS::Neutron::Net', properties: { name: { get_param: 'x' } } } },
      'The Parameter (x) was not provided.',
    ],
    [{ a: serverResource({ networks: 'all' }) }, 'is not a list'],
    [{ a: serverResource({ key_name: 'nobody' }) }, 'The Key (nobody) could not be found.'],
    [{ a: serverResource({ networks: [{ prot: 'x' }] }) }, 'Unknown Property prot'],
  ])('refuses a template with a slip: %j', async (resources, words) => {
    await expect(fixture.create('s', hot(resources))).rejects.toMatchObject({
      status: 400,
      serviceMessage: expect.stringContaining(words),
    });
  });

  it('refuses templates that are too large', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 1001 }, (_, index) => [`n${index}`, { type: 'OS::Neutron::Net' }]),
    );

    await expect(fixture.create('s', hot(many))).rejects.toMatchObject({ status: 403 });
    await expect(
      fixture.create('s', hot({ a: serverResource({ user_data: 'x'.repeat(512 * 1024) }) })),
    ).rejects.toMatchObject({ status: 400, faultType: 'RequestLimitExceeded' });
  });
});
