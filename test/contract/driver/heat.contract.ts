import { systemClock } from '../../../common/clock.js';
import { systemIds } from '../../../common/ids.js';
import { silentLog } from '../../../common/log.js';
import { infrastructureStackName, loadBalancerStackName, nodeStackName } from '../../../conductor/names.js';
import { type DevelopmentCloud, startDevelopmentCloud } from '../../../devstack/devcloud/devcloud.js';
import { readUserData } from '../../../devstack/devcloud/player/user-data.js';
import type { BayDriver, ClusterSpec, Infrastructure, NodeIdentity, StackPlan, Vip } from '../../../drivers/driver.js';
import { findResource } from '../../../openstack/orchestration/resources.js';
import {
  createStack,
  deleteStack,
  findStack,
  findStackById,
  type Stack,
} from '../../../openstack/orchestration/stacks.js';
import { Session } from '../../../openstack/session.js';
import { createTransport } from '../../../openstack/transport.js';
import { until } from '../../support/until.js';
import { HOSTILE } from './hostile.js';
import {
  loadBalanced,
  nodeData,
  nodeStackInput,
  type SampleOptions,
  sampleCluster,
  ticketOf,
  WITH_VOLUMES,
} from './sample-cluster.js';

const WORKERS = 50;
const ctx = {};

const VARIANTS: Record<string, SampleOptions> = {
  'in a network of its own': { name: HOSTILE },
  // The seed's network has no router: no floating address could reach it.
  'in a network that is there already': {
    ...{ fixedNetwork: 'private', fixedSubnet: 'private-subnet', template: { floatingIpEnabled: false } },
  },
  'without floating addresses': { template: { floatingIpEnabled: false } },
  'with volumes': WITH_VOLUMES,
  'without TLS': { template: { tlsDisabled: true } },
};

/** What a driver takes of what makes other stacks. */
export function variantsOf(driver: BayDriver): [string, SampleOptions][] {
  const balanced = loadBalanced(driver).map((options): [string, SampleOptions] => [
    `behind a load balancer of ${options.loadBalancers === true ? 'the cloud' : 'its own'}`,
    options,
  ]);
  return [...Object.entries(VARIANTS), ...balanced];
}

/** Heat makes what the driver plans, and every server gets exactly its own node.json and ticket. */
export function describePlansInHeat(driver: BayDriver): void {
  describe('stacks in Heat', () => {
    let cloud: DevelopmentCloud;
    let session: Session;

    beforeEach(async () => {
      cloud = await startDevelopmentCloud(
        { clock: systemClock, ids: systemIds, log: silentLog },
        { host: '127.0.0.1', port: 0, bootMs: 10, heatStepMs: 1 },
      );
      session = new Session(
        {
          ...{ transport: createTransport(), clock: systemClock, ids: systemIds },
          ...{ authUrl: cloud.url, interface: 'public', timeoutMs: 10_000 },
        },
        {
          kind: 'password',
          user: { name: 'demo', domainName: 'Default' },
          password: 'secret',
          scope: { projectName: 'demo', projectDomainName: 'Default' },
        },
      );
    });
    afterEach(() => cloud.stop());

    async function make(name: string, plan: StackPlan): Promise<Stack> {
      const template = { ...plan.template };
      const definition = { template, parameters: plan.parameters, tags: ['bayou'], timeoutMinutes: 60 };
      const { id } = await createStack(session, ctx, { name, ...definition });
      let stack: Stack | undefined;
      await until(async () => {
        stack = await findStackById(session, ctx, { name, id });
        return stack?.status !== 'IN_PROGRESS';
      });
      if (stack?.status !== 'COMPLETE') throw new Error(`Stack ${name}: ${stack?.statusReason}`);
      return stack;
    }

    it.each(variantsOf(driver))(`are made for a cluster of ${WORKERS} workers %s, and go`, async (_, variant) => {
      const { spec, masters, workers } = sampleCluster(driver, { ...variant, workers: WORKERS });
      const infrastructureStack = await make(
        infrastructureStackName(spec.namePrefix),
        driver.planInfrastructure(spec).stack,
      );
      const stacks = [infrastructureStack];
      const infrastructure = readOutputs(infrastructureStack);
      const loadBalancer = driver.planLoadBalancer?.(spec, infrastructure);
      if (loadBalancer !== undefined) {
        const stack = await make(loadBalancerStackName(spec.namePrefix), loadBalancer);
        const found = await findResource(session, ctx, stack, 'load_balancer');
        infrastructure.vip = { ...infrastructure.vip, address: String(found?.attributes.vip_address) };
        stacks.push(stack);
      }
      for (const [index, members] of [masters, workers].entries()) {
        const group = spec.groups[index];
        if (group === undefined) throw new Error('A group of each role was planned');
        const plan = driver.planNodeStack(nodeStackInput(driver, spec, infrastructure, members));
        stacks.push(await make(nodeStackName(spec.namePrefix, group, 0), plan));
      }

      expect(Object.keys(infrastructure.masterPorts).sort()).toEqual(masters.map(({ name }) => name).sort());
      expect(Object.keys(infrastructure.securityGroups).sort()).toEqual(['master', 'worker']);
      expect(driver.accessUrl(spec, infrastructure)).toMatch(/^\w+:\/\/\d+\.\d+\.\d+\.\d+:\d+$/);
      expectServers(driver, cloud, spec, infrastructure, [...masters, ...workers]);
      expectVolumes(driver, cloud, spec, [...masters, ...workers]);

      // The infrastructure goes last: it outlasts what stands on it.
      for (const stack of stacks.reverse()) {
        await deleteStack(session, ctx, stack);
        await until(async () => (await findStack(session, ctx, stack)) === undefined);
      }
      expect(Object.entries(cloud.everything()).filter(([, items]) => items.length > 0)).toEqual([]);
    });
  });
}

function expectServers(
  driver: BayDriver,
  cloud: DevelopmentCloud,
  spec: ClusterSpec,
  infrastructure: Infrastructure,
  members: NodeIdentity[],
): void {
  const servers = [...cloud.state.compute.servers.values()];
  expect(servers.map(({ name }) => name).sort()).toEqual(members.map(({ name }) => name).sort());
  for (const { name, userData, metadata } of servers) {
    const node = members.find((member) => member.name === name);
    if (node === undefined) throw new Error(`Nobody planned ${name}`);
    const told = readUserData(Buffer.from(userData, 'base64').toString('utf8'));
    const { ordinal, ...identity } = nodeData(driver, spec, infrastructure, node).node;
    expect(told?.node).toMatchObject({ ...nodeData(driver, spec, infrastructure, node), node: identity });
    expect([told?.ticket, ordinal]).toEqual([ticketOf(spec, node), node.ordinal]);
    expect(metadata).toEqual({ bayou_cluster: spec.clusterId });
  }
}

/** Each is attached to its server, which has been told its id. */
function expectVolumes(driver: BayDriver, cloud: DevelopmentCloud, spec: ClusterSpec, members: NodeIdentity[]): void {
  const planned = members.flatMap(({ name, nodeGroupId }) => {
    const group = spec.groups.find(({ uuid }) => uuid === nodeGroupId);
    return (group === undefined ? [] : driver.planVolumes(group, spec.labels)).map(
      ({ purpose, sizeGib, type }) => `${name} ${purpose} ${sizeGib} GiB ${type}`,
    );
  });
  const made = [...cloud.state.volumes.values()].map(({ id, serverId, sizeGib, volumeType }) => {
    const server = cloud.state.compute.servers.get(serverId ?? '');
    const userData = Buffer.from(server?.userData ?? '', 'base64').toString('utf8');
    const purpose = new RegExp(`"/etc/bayou/([a-z]+)-volume",[^}]*"content":"${id}"`).exec(userData)?.[1];
    return `${server?.name} ${purpose} ${sizeGib} GiB ${volumeType}`;
  });
  expect(made.sort()).toEqual(planned.sort());
}

interface AddressOutput {
  address?: string;
  floating_address?: string;
}

/** Names of outputs are part of the contract: this is how the conductor reads them. */
function readOutputs({ outputs }: Stack): Infrastructure {
  const { network_id, subnet_id, master_ports, vip, ...groups } = outputs;
  const ports = master_ports as Record<string, AddressOutput & { port_id: string; address: string }>;
  const shared = vip as (AddressOutput & { floating_id?: string }) | undefined;
  return {
    networkId: String(network_id),
    subnetId: String(subnet_id),
    securityGroups: Object.fromEntries(
      Object.entries(groups).map(([name, id]) => [name.replace(/_security_group$/, ''), String(id)]),
    ),
    masterPorts: Object.fromEntries(
      Object.entries(ports).map(([name, port]) => [
        name,
        { portId: port.port_id, address: port.address, ...floating(port) },
      ]),
    ),
    ...(shared === undefined ? {} : { vip: vipOf(shared) }),
  };
}

function vipOf(shared: AddressOutput & { floating_id?: string }): Vip {
  return {
    ...(shared.address === undefined ? {} : { address: shared.address }),
    ...(shared.floating_id === undefined ? {} : { floatingId: shared.floating_id }),
    ...floating(shared),
  };
}

function floating({ floating_address: floatingAddress }: AddressOutput): { floatingAddress?: string } {
  return floatingAddress === undefined ? {} : { floatingAddress };
}
