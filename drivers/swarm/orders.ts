import { distributions } from '../distributions.js';
import type { ClusterOrder, Problem, ResizeOrder } from '../driver.js';
import { labelProblems } from '../labels.js';
import { quorumOf } from '../quorum.js';
import { swarmLabels } from './labels.js';

const MANAGER_COUNTS = [1, 3, 5];
const STORAGE_DRIVERS = ['overlay2', 'vfs'];

/** What an order may ask for and this driver does not do, or can't do without. */
const REFUSALS: { field: string; applies: (order: ClusterOrder) => boolean; message: string }[] = [
  {
    field: 'network_driver',
    applies: ({ networkDriver }) => networkDriver !== undefined && networkDriver !== 'docker',
    message: 'a Swarm supports "docker" (its own overlay network) only',
  },
  {
    field: 'volume_driver',
    applies: ({ volumeDriver }) => volumeDriver !== undefined,
    message: 'a Swarm supports no volume driver',
  },
  {
    field: 'docker_storage_driver',
    applies: ({ dockerStorageDriver: driver }) => driver !== undefined && !STORAGE_DRIVERS.includes(driver),
    message: `must be one of ${STORAGE_DRIVERS.join(', ')}: Docker has given up the others, or they need disks of their own`,
  },
  {
    field: 'registry_enabled',
    applies: ({ registryEnabled, clusterDistro }) =>
      registryEnabled && distributions[clusterDistro ?? '']?.packages !== true,
    message: 'docker-registry must be installed: that needs an image of Debian or Ubuntu',
  },
  {
    field: 'registry_enabled',
    applies: ({ registryEnabled, cloud }) => registryEnabled && cloud?.objectStore === false,
    message: 'this cloud has no Swift (object-store in its catalog), where the images of a registry are kept',
  },
  {
    field: 'external_network_id',
    applies: ({ fixedNetwork, externalNetworkId }) => fixedNetwork === undefined && externalNetworkId === undefined,
    message: 'is needed for a network of its own; or name a fixed_network that is routed already',
  },
  {
    // A template may leave it to its clusters.
    field: 'flavor_id',
    applies: ({ masterCount, flavorId }) => masterCount !== undefined && flavorId === undefined,
    message: 'is needed, here or in the cluster template',
  },
  {
    field: 'floating_ip_enabled',
    applies: ({ floatingIpEnabled, externalNetworkId }) => floatingIpEnabled && externalNetworkId === undefined,
    message: 'floating addresses need an external_network_id',
  },
  {
    field: 'master_lb_enabled',
    applies: (order) => usesHaproxy(order) && distributions[order.clusterDistro ?? '']?.packages !== true,
    message: 'without Octavia HAProxy does it, which must be installed: that needs an image of Debian or Ubuntu',
  },
  {
    field: 'labels.master_lb_provider',
    applies: ({ labels, cloud }) => labels.master_lb_provider === 'octavia' && cloud?.loadBalancers === false,
    message: 'this cloud has no Octavia: leave the label out, and HAProxy on the managers does it',
  },
];

/** As far as it is known before the cloud has been asked. */
function usesHaproxy({ masterLbEnabled, labels, cloud }: ClusterOrder): boolean {
  if (!masterLbEnabled) return false;
  return labels.master_lb_provider === 'haproxy' || cloud?.loadBalancers === false;
}

/** Everything that is wrong with a template, or with a cluster over it. */
export function orderProblems(order: ClusterOrder): Problem[] {
  const refused = REFUSALS.filter(({ applies }) => applies(order)).map(({ field, message }) => ({ field, message }));
  return [...labelProblems(swarmLabels, order.labels), ...refused, ...managerProblems(order)];
}

function managerProblems({
  masterCount,
  masterLbEnabled,
}: Pick<ClusterOrder, 'masterCount' | 'masterLbEnabled'>): Problem[] {
  if (masterCount === undefined) return [];
  const field = 'master_count';
  if (!MANAGER_COUNTS.includes(masterCount)) {
    return [{ field, message: `a Swarm has 1, 3 or 5 managers: of ${masterCount} no more may fail than of fewer` }];
  }
  // Upstream's rule: users would know the address of one of them only.
  return masterCount > 1 && !masterLbEnabled
    ? [{ field, message: `${masterCount} managers need master_lb_enabled` }]
    : [];
}

/** A Swarm that loses the majority of its managers at once can't be changed any more. */
export function resizeProblems({ group, nodeCount, leaving, masterLbEnabled }: ResizeOrder): Problem[] {
  if (group.role !== 'master') return [];
  const staying = group.nodeCount - Math.max(leaving, group.nodeCount - nodeCount);
  const quorum = quorumOf(group.nodeCount);
  const counts = managerProblems({ masterCount: nodeCount, masterLbEnabled });
  if (counts.length > 0 || staying >= quorum) return counts.map(({ message }) => ({ field: 'node_count', message }));
  const message = `${quorum} of the ${group.nodeCount} managers must stay, or the Swarm loses its quorum`;
  return [{ field: leaving > 0 ? 'nodes_to_remove' : 'node_count', message }];
}
