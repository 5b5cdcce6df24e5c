import type { ClusterPlan, PlannedCluster, PlannedGroup } from '../api/cluster-plan.js';
import type { ClusterTemplate } from '../common/db/cluster-templates.js';
import { MASTER_ROLE, type NodeGroup } from '../common/db/node-groups.js';
import type { BayDriver, ClusterSpec, HotTemplate, NodeIdentity, ServerPlan } from '../drivers/driver.js';
import { DEFAULT_SUBNET_CIDR } from '../drivers/network.js';

/** Beyond any number of masters that a driver takes: what is wrong in itself is not planned to its end. */
const MOST_MASTERS = 9;

type Counts = Record<string, number>;

type Planner = (driver: BayDriver, order: PlannedCluster, template: ClusterTemplate) => ClusterPlan;

const MAX_REMEMBERED = 200;

/** Plans are pure, and most orders are like another one before: to lay templates out takes longer than all else. */
export function rememberedPlans(maxServersPerStack: number): Planner {
  const known = new Map<string, ClusterPlan>();
  return (driver, order, template) => {
    const key = JSON.stringify([driver.name, order, template]);
    const plan = known.get(key) ?? planCluster(driver, order, template, maxServersPerStack);
    known.set(key, plan);
    const oldest = known.keys().next();
    if (known.size > MAX_REMEMBERED && !oldest.done) known.delete(oldest.value);
    return plan;
  };
}

/**
 * The stacks that a driver would have made, counted. All nodes of a group are alike, so one is planned, whatever the
 * number of them.
 */
function planCluster(
  driver: BayDriver,
  order: PlannedCluster,
  template: ClusterTemplate,
  maxServersPerStack: number,
): ClusterPlan {
  const spec = specOf(order, template);
  const shared = driver.planInfrastructure(spec).stack.template;
  const infrastructure = countTypes(shared);
  const loadBalancer = countTypes(driver.planLoadBalancer?.(spec, NOTHING_YET)?.template);
  const groups = order.groups.map((group) => plannedGroup(driver, order, template, group));
  const stacks: ClusterPlan['stacks'] = [{ kind: 'infrastructure', count: 1, resources: total(infrastructure) }];
  if (total(loadBalancer) > 0) stacks.push({ kind: 'load_balancer', count: 1, resources: total(loadBalancer) });
  for (const { group, ofOne } of groups) {
    if (group.nodeCount === 0) continue;
    stacks.push({
      kind: 'nodes',
      nodegroup: group.name,
      count: Math.ceil(group.nodeCount / maxServersPerStack),
      resources: Math.min(group.nodeCount, maxServersPerStack) * total(ofOne),
    });
  }
  const ofGroups = groups.map(({ group, ofOne }) => timesCount(ofOne, group.nodeCount));
  const resources = sum([infrastructure, loadBalancer, ...ofGroups]);
  const ports = (resources['OS::Neutron::Port'] ?? 0) + (resources['OS::Octavia::LoadBalancer'] ?? 0);
  return {
    servers: order.groups.map(({ name, role, nodeCount, flavor, image }) => ({
      nodegroup: name,
      role,
      count: nodeCount,
      flavor,
      image,
    })),
    stacks,
    volumes: groups.flatMap(({ group, volumes }) =>
      volumes.map(({ purpose, sizeGib, type }) => ({
        nodegroup: group.name,
        purpose,
        count: group.nodeCount,
        sizeGib,
        type,
      })),
    ),
    resources,
    securityGroupRules: countRules(shared),
    addresses: ports,
    ownNetwork: order.fixedNetwork === undefined ? (order.labels.fixed_subnet_cidr ?? DEFAULT_SUBNET_CIDR) : undefined,
  };
}

/** What is known of a network that is not there yet. */
const NOTHING_YET = {
  networkId: '',
  subnetId: '',
  securityGroups: {},
  masterPorts: {},
  vip: { floatingId: 'planned' },
};

function plannedGroup(driver: BayDriver, order: PlannedCluster, template: ClusterTemplate, group: PlannedGroup) {
  const volumes = driver.planVolumes(group, order.labels);
  const isMaster = group.role === MASTER_ROLE;
  const server: ServerPlan = {
    name: 'node',
    flavor: group.flavor ?? '',
    image: group.image,
    securityGroup: '',
    // A master's port is of the infrastructure.
    ...(isMaster ? { portId: '' } : {}),
    floatingAddress: order.floatingIpEnabled || driver.needsFloatingAddress?.(group) === true,
    volumes,
    nodeJson: '',
    ticket: '',
  };
  const { template: ofOne } = driver.planNodeStack({
    servers: [server],
    userData: '',
    keyName: undefined,
    networkId: '',
    subnetId: '',
    externalNetwork: template.externalNetworkId,
    availabilityZone: undefined,
    labels: order.labels,
    networkDriver: template.networkDriver,
    metadata: {},
  });
  return { group, volumes, ofOne: countTypes(ofOne) };
}

function specOf(order: PlannedCluster, template: ClusterTemplate): ClusterSpec {
  const { groups, loadBalancers, ...settings } = order;
  return {
    clusterId: '',
    clusterName: 'planned',
    namePrefix: 'planned',
    ...settings,
    template,
    groups: groups.map(rowOf),
    masters: groups.filter(({ role }) => role === MASTER_ROLE).flatMap(mastersOf),
    leavingMasters: [],
    cloud: { loadBalancers },
    listener: { url: '', caPem: '' },
    heartbeatSeconds: 30,
  };
}

function mastersOf({ name, nodeCount }: PlannedGroup): NodeIdentity[] {
  return Array.from({ length: Math.min(nodeCount, MOST_MASTERS) }, (_, ordinal) => ({
    uuid: `${name}-${ordinal}`,
    name: `${name}-${ordinal}`,
    role: MASTER_ROLE,
    ordinal,
    nodeGroupId: name,
  }));
}

/** The group as the conductor would find it. */
function rowOf({ name, role, nodeCount, flavor, image, dockerVolumeSize, labels }: PlannedGroup): NodeGroup {
  return {
    id: 0,
    uuid: name,
    clusterId: '',
    projectId: '',
    name,
    role,
    isDefault: false,
    nodeCount,
    minNodeCount: 0,
    maxNodeCount: undefined,
    nextOrdinal: 0,
    flavorId: flavor,
    imageId: image,
    dockerVolumeSize,
    labels,
    nodeLabels: {},
    nodeTaints: [],
    status: undefined,
    statusReason: undefined,
    stackId: undefined,
    version: undefined,
    createdAt: 0,
    updatedAt: undefined,
  };
}

function countTypes(template: HotTemplate | undefined): Counts {
  const counts: Counts = {};
  for (const { type } of Object.values(template?.resources ?? {})) counts[type] = (counts[type] ?? 0) + 1;
  return counts;
}

/** Neutron gives every group two that let everything out. */
const RULES_OF_A_GROUP = 2;

function countRules({ resources }: HotTemplate): number {
  return Object.values(resources).reduce((all, { type, properties }) => {
    if (type === 'OS::Neutron::SecurityGroupRule') return all + 1;
    if (type !== 'OS::Neutron::SecurityGroup') return all;
    const rules = properties?.rules;
    return all + RULES_OF_A_GROUP + (Array.isArray(rules) ? rules.length : 0);
  }, 0);
}

function total(counts: Counts): number {
  return Object.values(counts).reduce((all, count) => all + count, 0);
}

function timesCount(counts: Counts, times: number): Counts {
  return Object.fromEntries(Object.entries(counts).map(([type, count]) => [type, count * times]));
}

function sum(all: Counts[]): Counts {
  const counts: Counts = {};
  for (const [type, count] of all.flatMap((each) => Object.entries(each))) counts[type] = (counts[type] ?? 0) + count;
  return counts;
}
