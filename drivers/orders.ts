import { MASTER_ROLE } from '../common/db/node-groups.js';
import { distributions } from './distributions.js';
import type { ClusterOrder, Problem, ResizeOrder } from './driver.js';
import { quorumOf } from './quorum.js';

/** What an order may ask for and a driver does not do, or can't do without. */
export interface Refusal {
  field: string;
  applies: (order: ClusterOrder) => boolean;
  message: string;
}

export function refusalsOf(table: readonly Refusal[], order: ClusterOrder): Problem[] {
  return table.filter(({ applies }) => applies(order)).map(({ field, message }) => ({ field, message }));
}

/** Of every orchestrator whose masters and nodes are made as those of Swarm and Kubernetes are. */
export const COMMON_REFUSALS: readonly Refusal[] = [
  {
    field: 'registry_enabled',
    applies: ({ registryEnabled, clusterDistro }) => registryEnabled && !hasPackages(clusterDistro),
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
    applies: (order) => usesHaproxy(order) && !hasPackages(order.clusterDistro),
    message: 'without Octavia HAProxy does it, which must be installed: that needs an image of Debian or Ubuntu',
  },
  {
    field: 'labels.master_lb_provider',
    applies: ({ labels, cloud }) => labels.master_lb_provider === 'octavia' && cloud?.loadBalancers === false,
    message: 'this cloud has no Octavia: leave the label out, and HAProxy on the masters does it',
  },
];

export function hasPackages(distro: string | undefined): boolean {
  return distributions[distro ?? '']?.packages === true;
}

/** As far as it is known before the cloud has been asked. */
function usesHaproxy({ masterLbEnabled, labels, cloud }: ClusterOrder): boolean {
  if (!masterLbEnabled) return false;
  return labels.master_lb_provider === 'haproxy' || cloud?.loadBalancers === false;
}

/** How an orchestrator calls itself and its masters: `a Swarm`, `managers`. */
export interface MasterWords {
  cluster: string;
  masters: string;
}

const MASTER_COUNTS = [1, 3, 5];

/** Masters agree by majority, in etcd as in Swarm's Raft. */
export function masterProblems(
  { cluster, masters }: MasterWords,
  { masterCount, masterLbEnabled }: Pick<ClusterOrder, 'masterCount' | 'masterLbEnabled'>,
): Problem[] {
  if (masterCount === undefined) return [];
  const field = 'master_count';
  if (!MASTER_COUNTS.includes(masterCount)) {
    return [
      { field, message: `${cluster} has 1, 3 or 5 ${masters}: of ${masterCount} no more may fail than of fewer` },
    ];
  }
  // Upstream's rule: users would know the address of one of them only.
  return masterCount > 1 && !masterLbEnabled
    ? [{ field, message: `${masterCount} ${masters} need master_lb_enabled` }]
    : [];
}

/** A cluster that loses the majority of its masters at once can't be changed any more. */
export function quorumProblems(words: MasterWords, order: ResizeOrder): Problem[] {
  const { group, nodeCount, leaving, masterLbEnabled } = order;
  if (group.role !== MASTER_ROLE) return [];
  const staying = group.nodeCount - Math.max(leaving, group.nodeCount - nodeCount);
  const quorum = quorumOf(group.nodeCount);
  const counts = masterProblems(words, { masterCount: nodeCount, masterLbEnabled });
  if (counts.length > 0 || staying >= quorum) return counts.map(({ message }) => ({ field: 'node_count', message }));
  const message = `${quorum} of the ${group.nodeCount} ${words.masters} must stay, or ${words.cluster} loses its quorum`;
  return [{ field: leaving > 0 ? 'nodes_to_remove' : 'node_count', message }];
}
