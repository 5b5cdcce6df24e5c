import { MASTER_ROLE, type NodeGroup } from '../../common/db/node-groups.js';
import { type Bill, filesFor, type NodeFile } from '../bill.js';
import type { ClusterSpec, Infrastructure, NodeIdentity, NodePlan, VolumePlan } from '../driver.js';
import { loadBalancerOf } from '../load-balancer.js';
import { mastersOf } from '../master-ports.js';
import { accessAddress, templateSettings } from '../node-settings.js';
import { containersVolume, volumeSteps } from '../node-volumes.js';
import { quorumOf } from '../quorum.js';
import { agentSettings } from './agent-labels.js';
import { EDGE_ROLE, hasDiscovery } from './discovery.js';
import { edgePorts } from './edge-ports.js';
import { certificateProfiles } from './profiles.js';
import { hasChronos, MARATHON, publishedServices } from './services.js';

/** What a node needs to know of the software beside the cluster. */
export interface Software {
  /** Without one everything is on the image. */
  bill: Bill | undefined;
  mirrorUrl: string | undefined;
}

/** Part of a node: what it is told, and what it does. */
type Part = Pick<NodePlan, 'settings' | 'steps'>;

export function planNode(
  spec: ClusterSpec,
  infrastructure: Infrastructure,
  node: NodeIdentity,
  software: Software,
): NodePlan {
  const group = spec.groups.find(({ uuid }) => uuid === node.nodeGroupId);
  const part = partOf(spec, infrastructure, node, group);
  return {
    settings: {
      ...templateSettings(spec),
      mirror: software.mirrorUrl ?? '',
      files: filesOf(spec, node, software),
      masters: mastersOf(spec, infrastructure),
      service_discovery: hasDiscovery(spec.labels),
      ...part.settings,
    },
    steps: [...part.steps, 'node-ready'],
    certificateProfiles: certificateProfiles(spec, infrastructure, node),
  };
}

function partOf(
  spec: ClusterSpec,
  infrastructure: Infrastructure,
  { role }: NodeIdentity,
  group: NodeGroup | undefined,
): Part {
  if (role === MASTER_ROLE) return masterPart(spec, infrastructure);
  return role === EDGE_ROLE
    ? { settings: { edge_ports: edgePorts(spec.labels).join() }, steps: ['edge'] }
    : agentPart(spec, group);
}

function masterPart(spec: ClusterSpec, { vip }: Infrastructure): Part {
  const chronos = hasChronos(spec.labels);
  const haproxy = loadBalancerOf(spec) === 'haproxy';
  return {
    settings: {
      mesos_cluster: spec.namePrefix,
      quorum: quorumOf(spec.masters.length),
      chronos,
      published_services: publishedServices(spec.labels).map(
        ({ name, port, publicPort }) => `${name}:${port}:${publicPort}`,
      ),
      shared_address: haproxy ? (vip?.address ?? '') : '',
    },
    steps: [
      'software',
      'zookeeper',
      'mesos-master',
      'marathon',
      ...(chronos ? ['chronos'] : []),
      ...(hasDiscovery(spec.labels) ? ['etcd', 'registrar'] : []),
      'api-proxy',
    ],
  };
}

function agentPart(spec: ClusterSpec, group: NodeGroup | undefined): Part {
  return {
    settings: {
      // Mesos takes letters, digits and a few signs in an attribute.
      node_group: group?.name.replace(/[^A-Za-z0-9_.-]/g, '_') ?? '',
      agent: agentSettings(group?.labels ?? {}, spec.labels),
      volume_folder: '/var/lib/docker',
      container_service: 'docker',
      insecure_registry: spec.template.insecureRegistry ?? '',
    },
    steps: [
      ...(group === undefined ? [] : volumeSteps(planVolumes(group, spec.labels))),
      'software',
      'docker-install',
      'docker-configure',
      'mesos-agent',
      ...(spec.template.registryEnabled ? ['registry'] : []),
    ],
  };
}

/** Containers run on agents only. */
export function planVolumes(
  group: Pick<NodeGroup, 'role' | 'dockerVolumeSize' | 'labels'>,
  labels: Readonly<Record<string, string>>,
): VolumePlan[] {
  return isAgent(group) ? containersVolume(group, labels) : [];
}

/** Whatever a group's role is called otherwise. */
export function isAgent({ role }: { role: string }): boolean {
  return role !== MASTER_ROLE && role !== EDGE_ROLE;
}

/** Of the bill, without what the cluster does not have. The edge is all of packages. */
function filesOf({ labels }: ClusterSpec, node: NodeIdentity, { bill, mirrorUrl }: Software): NodeFile[] {
  if (bill === undefined || mirrorUrl === undefined || node.role === EDGE_ROLE) return [];
  const role = isAgent(node) ? 'worker' : node.role;
  return filesFor(bill, role).filter(({ name }) => name !== 'chronos' || hasChronos(labels));
}

export function accessUrl(spec: ClusterSpec, infrastructure: Infrastructure): string {
  return `https://${accessAddress(spec, infrastructure)}:${MARATHON.publicPort}`;
}
