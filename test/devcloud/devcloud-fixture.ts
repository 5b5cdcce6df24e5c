import { silentLog } from '../../common/log.js';
import {
  type DevelopmentCloud,
  type DevelopmentCloudOptions,
  startDevelopmentCloud,
} from '../../devstack/devcloud/devcloud.js';
import {
  createStack,
  findStack,
  type Stack,
  type StackRef,
  type Template,
  updateStack,
} from '../../openstack/orchestration/stacks.js';
import { Session } from '../../openstack/session.js';
import { createTransport } from '../../openstack/transport.js';
import { FakeClock } from '../support/fake-clock.js';
import { FakeIds } from '../support/fake-ids.js';

const BOOT_MS = 5000;
const HEAT_STEP_MS = 100;

/** A development cloud in fake time, and a member of its demo project who makes stacks. */
export interface DevcloudFixture {
  cloud: DevelopmentCloud;
  clock: FakeClock;
  session: Session;
  /** Makes a stack and lets time pass until it is settled. */
  create(name: string, template: Template): Promise<Stack>;
  update(stack: Stack, template: Template): Promise<Stack>;
  /** Lets time pass until the stack ends what it does. */
  settle(name: string): Promise<Stack>;
  stop(): Promise<void>;
}

export async function startFixture(options: Partial<DevelopmentCloudOptions> = {}): Promise<DevcloudFixture> {
  const clock = new FakeClock();
  const ids = new FakeIds();
  const cloud = await startDevelopmentCloud(
    { clock, ids, log: silentLog },
    { host: '127.0.0.1', port: 0, bootMs: BOOT_MS, heatStepMs: HEAT_STEP_MS, ...options },
  );
  const session = new Session(
    { transport: createTransport(), clock, ids, authUrl: cloud.url, interface: 'public', timeoutMs: 5000, retries: 0 },
    {
      kind: 'password',
      user: { name: 'demo', domainName: 'Default' },
      password: 'secret',
      scope: { projectName: 'demo', projectDomainName: 'Default' },
    },
  );
  const settle = async (name: string): Promise<Stack> => {
    const isBusy = () =>
      [...cloud.state.orchestration.stacks.values()].some(
        (stack) => stack.name === name && stack.status === 'IN_PROGRESS',
      );
    await clock.runUntil(() => !isBusy(), { limitMs: 7_200_000 });
    const stack = await findStack(session, {}, { name });
    if (stack === undefined) throw new Error(`The stack ${name} is gone.`);
    return stack;
  };
  const definition = (template: Template) => ({ template, parameters: {}, tags: [], timeoutMinutes: 10 });
  return {
    cloud,
    clock,
    session,
    settle,
    create: async (name, template) => {
      await createStack(session, {}, { name, ...definition(template) });
      return settle(name);
    },
    update: async (stack: StackRef, template) => {
      await updateStack(session, {}, { ...stack, ...definition(template) });
      return settle(stack.name);
    },
    stop: () => cloud.stop(),
  };
}

export function hot(resources: Record<string, unknown>, rest: Record<string, unknown> = {}): Template {
  return { heat_template_version: '2018-08-31', resources, ...rest };
}

/** A server without a network. */
export function serverResource(properties: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    type: 'OS::Nova::Server',
    properties: { image: 'debian-12', flavor: 'm1.small', user_data_format: 'RAW', ...properties },
  };
}

/** A network with a subnet, a way out and a port. */
export const NETWORK_RESOURCES: Record<string, unknown> = {
  net: { type: 'OS::Neutron::Net' },
  subnet: { type: 'OS::Neutron::Subnet', properties: { network: { get_resource: 'net' }, cidr: '10.0.0.0/24' } },
  router: { type: 'OS::Neutron::Router', properties: { external_gateway_info: { network: 'public' } } },
  door: {
    type: 'OS::Neutron::RouterInterface',
    properties: { router: { get_resource: 'router' }, subnet: { get_resource: 'subnet' } },
  },
  group: {
    type: 'OS::Neutron::SecurityGroup',
    properties: {
      rules: [{ protocol: 'tcp', port_range_min: 22, port_range_max: 22 }, { remote_mode: 'remote_group_id' }],
    },
  },
  port: {
    type: 'OS::Neutron::Port',
    properties: { network: { get_resource: 'net' }, security_groups: [{ get_resource: 'group' }] },
  },
};
