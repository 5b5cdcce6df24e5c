import type { ClusterTemplate } from '../../../common/db/cluster-templates.js';
import { DEFAULT_MASTER_GROUP, DEFAULT_WORKER_GROUP, type NodeGroup } from '../../../common/db/node-groups.js';
import { issueTicket } from '../../../common/enrolment-ticket.js';
import { clusterNamePrefix, nodeName } from '../../../conductor/names.js';
import type { BayDriver, ClusterSpec, Infrastructure, NodeIdentity, NodeStackInput } from '../../../drivers/driver.js';
import { renderUserData } from '../../../drivers/user-data/cloud-init.js';
import { loadNodeFiles } from '../../../drivers/user-data/files.js';
import { NOW, newTemplate, uuid } from '../database/rows.js';

/** A cluster as the conductor describes it to a driver, with machines of the development cloud's seed. */

export interface SampleOptions {
  name?: string;
  /** As many masters as the driver takes; else one. */
  masters?: 'most';
  workers?: number;
  template?: Partial<ClusterTemplate>;
  labels?: Record<string, string>;
  /** In a network that is there already. */
  fixedNetwork?: string;
  fixedSubnet?: string;
  /** GiB for the containers of each node. */
  dockerVolumeSize?: number;
  /** Whether the cloud has Octavia. */
  loadBalancers?: boolean;
}

export interface SampleCluster {
  spec: ClusterSpec;
  masters: NodeIdentity[];
  workers: NodeIdentity[];
}

/** About as long as a certificate of ours is. */
const CA_PEM = `-----BEGIN CERTIFICATE-----\n${`${'A'.repeat(64)}\n`.repeat(12)}-----END CERTIFICATE-----\n`;

/** The numbers of masters that a driver takes, of those that make sense, behind a load balancer. */
export function masterCounts(driver: BayDriver): number[] {
  const order = sampleCluster(driver).spec.template;
  const isTaken = (masterCount: number) =>
    driver.validate({ ...order, masterLbEnabled: masterCount > 1, masterCount }).length === 0;
  return [1, 3, 5].filter(isTaken);
}

export function sampleCluster(driver: BayDriver, options: SampleOptions = {}): SampleCluster {
  const clusterId = uuid();
  const clusterName = options.name ?? 'web';
  const namePrefix = clusterNamePrefix({ uuid: clusterId, name: clusterName });
  const [kind] = driver.serves;
  const master = groupOf(
    clusterId,
    DEFAULT_MASTER_GROUP,
    'master',
    options.masters === undefined ? 1 : (masterCounts(driver).at(-1) ?? 1),
  );
  const worker = groupOf(clusterId, DEFAULT_WORKER_GROUP, 'worker', options.workers ?? 2);
  const [masters, workers] = [master, worker].map((group) =>
    Array.from({ length: group.nodeCount }, (_, ordinal) => ({
      uuid: uuid(),
      name: nodeName(namePrefix, group, ordinal),
      role: group.role,
      ordinal,
      nodeGroupId: group.uuid,
    })),
  ) as [NodeIdentity[], NodeIdentity[]];
  const template: ClusterTemplate = {
    ...newTemplate({ driver: driver.name, coe: kind?.coe ?? '', clusterDistro: kind?.os, ...options.template }),
    id: 1,
  };
  const spec: ClusterSpec = {
    clusterId,
    clusterName,
    namePrefix,
    labels: options.labels ?? {},
    template,
    fixedNetwork: options.fixedNetwork,
    fixedSubnet: options.fixedSubnet,
    floatingIpEnabled: template.floatingIpEnabled,
    masterLbEnabled: template.masterLbEnabled,
    groups: [master, worker].map((group) => ({ ...group, dockerVolumeSize: options.dockerVolumeSize })),
    masters,
    leavingMasters: [],
    cloud: { loadBalancers: options.loadBalancers ?? true },
    listener: { url: 'https://node-listener.example.org:9512', caPem: CA_PEM },
    heartbeatSeconds: 30,
  };
  return { spec, masters, workers };
}

function groupOf(clusterId: string, name: string, role: string, nodeCount: number): NodeGroup {
  return {
    id: 1,
    uuid: uuid(),
    clusterId,
    projectId: 'project',
    name,
    role,
    isDefault: true,
    nodeCount,
    minNodeCount: 0,
    maxNodeCount: undefined,
    nextOrdinal: nodeCount,
    flavorId: undefined,
    imageId: undefined,
    dockerVolumeSize: undefined,
    labels: {},
    nodeLabels: {},
    nodeTaints: [],
    status: 'CREATE_IN_PROGRESS',
    statusReason: undefined,
    stackId: undefined,
    version: undefined,
    createdAt: NOW,
    updatedAt: undefined,
  };
}

/** What the infrastructure stack would have made. */
export function plannedInfrastructure({ spec, masters }: SampleCluster): Infrastructure {
  const port = (index: number) => ({ portId: uuid(), address: `10.0.0.${index + 10}` });
  return {
    networkId: uuid(),
    subnetId: uuid(),
    securityGroups: { master: uuid(), worker: uuid() },
    ...(spec.masterLbEnabled
      ? { vip: { address: '10.0.0.5', floatingAddress: '203.0.113.5', floatingId: uuid() } }
      : {}),
    masterPorts: Object.fromEntries(
      masters.map(({ name }, index) => [
        name,
        spec.floatingIpEnabled ? { ...port(index), floatingAddress: `203.0.113.${index + 10}` } : port(index),
      ]),
    ),
  };
}

/** `node.json` of one node. */
export function nodeData(driver: BayDriver, spec: ClusterSpec, infrastructure: Infrastructure, node: NodeIdentity) {
  const { settings, steps } = driver.planNode(spec, infrastructure, node);
  const address = infrastructure.masterPorts[node.name]?.address ?? '';
  return {
    version: 1,
    cluster: { id: spec.clusterId, name: spec.clusterName },
    node: { id: node.uuid, name: node.name, role: node.role, ordinal: node.ordinal, address },
    listener: { url: spec.listener.url, ca: spec.listener.caPem },
    steps,
    heartbeat_seconds: spec.heartbeatSeconds,
    settings,
  };
}

export function userDataOf(driver: BayDriver): string {
  return renderUserData({ files: loadNodeFiles(driver) });
}

export function ticketOf(spec: ClusterSpec, node: NodeIdentity): string {
  const life = { issuedAt: NOW, expiresAt: NOW + 86_400_000 };
  return issueTicket(Buffer.alloc(32, 7), { nodeId: node.uuid, clusterId: spec.clusterId, ...life });
}

export function nodeStackInput(
  driver: BayDriver,
  spec: ClusterSpec,
  infrastructure: Infrastructure,
  members: NodeIdentity[],
): NodeStackInput {
  return {
    servers: members.map((node) => {
      const port = infrastructure.masterPorts[node.name];
      const group = spec.groups.find(({ uuid: id }) => id === node.nodeGroupId);
      return {
        name: node.name,
        flavor: 'm1.small',
        image: 'debian-12',
        securityGroup: infrastructure.securityGroups[node.role] ?? '',
        ...(port === undefined ? {} : { portId: port.portId }),
        floatingAddress: spec.floatingIpEnabled,
        volumes: group === undefined ? [] : driver.planVolumes(group, spec.labels),
        nodeJson: Buffer.from(JSON.stringify(nodeData(driver, spec, infrastructure, node))).toString('base64'),
        ticket: ticketOf(spec, node),
      };
    }),
    userData: userDataOf(driver),
    keyName: undefined,
    networkId: infrastructure.networkId,
    subnetId: infrastructure.subnetId,
    externalNetwork: spec.template.externalNetworkId,
    availabilityZone: spec.labels.availability_zone,
    labels: spec.labels,
    networkDriver: spec.template.networkDriver,
    metadata: { bayou_cluster: spec.clusterId },
  };
}

/** With every volume that a driver may have, if it knows the label. */
export const WITH_VOLUMES: SampleOptions = {
  ...{ dockerVolumeSize: 5, labels: { docker_volume_type: 'lvm', etcd_volume_size: '2', etcd_volume_type: 'files' } },
};

/** With every load balancer that a driver may have, unless it refuses them. */
export function loadBalanced(driver: BayDriver): SampleOptions[] {
  const { template } = sampleCluster(driver).spec;
  if (driver.validate({ ...template, masterLbEnabled: true, masterCount: 1 }).length > 0) return [];
  return [true, false].map((loadBalancers) => ({
    ...{ masters: 'most', template: { masterLbEnabled: true }, loadBalancers },
  }));
}

/** Everything that a driver plans for a cluster. */
export function planAll(driver: BayDriver, cluster: SampleCluster) {
  const { spec, masters, workers } = cluster;
  const infrastructure = plannedInfrastructure(cluster);
  const members = [...masters, ...workers];
  return {
    infrastructure: driver.planInfrastructure(spec),
    nodes: members.map((node) => driver.planNode(spec, infrastructure, node)),
    stack: driver.planNodeStack(nodeStackInput(driver, spec, infrastructure, members)),
    loadBalancer: driver.planLoadBalancer?.(spec, infrastructure),
    url: driver.accessUrl(spec, infrastructure),
  };
}
