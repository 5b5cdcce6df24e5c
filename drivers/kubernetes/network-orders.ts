import type { ClusterOrder, Problem, SizeOrder } from '../driver.js';
import { DEFAULT_SUBNET_CIDR } from '../network.js';
import { networkDriver, networkDrivers } from './network-drivers.js';
import { nodeNetworkBits, overlap, POD_NETWORK_LABELS, podNetwork, prefixLength, serviceNetwork } from './networks.js';

/** Of the API for services, of the controllers for pods. */
const SHORTEST_POD_PREFIX = 8;
const SHORTEST_SERVICE_PREFIX = 12;
const LONGEST_SERVICE_PREFIX = 24;
/** A bitmap of the controllers holds no more shares than 2 to the power of this. */
const MOST_SHARE_BITS = 16;

interface NamedNetwork {
  field: string;
  network: string;
  bits: readonly [shortest: number, longest: number];
}

/** What is wrong with the networks of pods, services and nodes; labels were checked, each by itself. */
export function networkProblems(order: ClusterOrder): Problem[] {
  const { labels, fixedNetwork } = order;
  const pods: NamedNetwork = {
    field: 'labels.pods_network_cidr',
    network: podNetwork(labels),
    bits: [SHORTEST_POD_PREFIX, nodeNetworkBits(labels) - 1],
  };
  const services: NamedNetwork = {
    field: 'labels.service_cluster_ip_range',
    network: serviceNetwork(labels),
    bits: [SHORTEST_SERVICE_PREFIX, LONGEST_SERVICE_PREFIX],
  };
  const ownNodes = fixedNetwork === undefined ? [labels.fixed_subnet_cidr ?? DEFAULT_SUBNET_CIDR] : [];
  return [
    ...contradictions(labels),
    ...[pods, services].flatMap(sizeProblems),
    ...(hasShares(order) ? shareProblems(pods, order) : []),
    ...meetings(pods, "the pods'", [
      ["the services'", services.network],
      ...ownNodes.map((network): [string, string] => ["the nodes'", network]),
    ]),
    ...meetings(
      services,
      "the services'",
      ownNodes.map((network): [string, string] => ["the nodes'", network]),
    ),
  ];
}

/** What is no network driver at all is refused elsewhere. */
function hasShares({ networkDriver: name }: Pick<ClusterOrder, 'networkDriver'>): boolean {
  return name === undefined || !networkDrivers.includes(name) || networkDriver(name).hasShares;
}

/** One label for each of upstream's network drivers, of which a cluster has one. */
function contradictions(labels: ClusterOrder['labels']): Problem[] {
  const named = POD_NETWORK_LABELS.filter((label) => labels[label] !== undefined);
  const [first, ...others] = named;
  return others
    .filter((label) => first !== undefined && labels[label] !== labels[first])
    .map((label) => ({ field: `labels.${label}`, message: `${labels[label]} is not what ${first} says` }));
}

function sizeProblems({ field, network, bits: [shortest, longest] }: NamedNetwork): Problem[] {
  const bits = prefixLength(network);
  if (bits >= shortest && bits <= longest) return [];
  return [{ field, message: `${network} must be a network from /${shortest} to /${longest}` }];
}

/** Each node takes a share of the pods' network. */
function shareProblems({ field, network }: NamedNetwork, order: ClusterOrder): Problem[] {
  const { labels, masterCount = 0, nodeCount = 0 } = order;
  const bits = nodeNetworkBits(labels) - prefixLength(network);
  if (bits > MOST_SHARE_BITS) {
    const message = `a node's share of ${network} can be a /${prefixLength(network) + MOST_SHARE_BITS} at the smallest`;
    return [{ field: 'labels.flannel_network_subnetlen', message }];
  }
  const wanted = masterCount + nodeCount;
  if (wanted <= 2 ** bits) return [];
  return [{ field, message: `${network} has room for ${2 ** bits} nodes, and ${wanted} are ordered` }];
}

/** The same of a cluster that gets more nodes: the last ones would never be ready. */
export function shareRoomProblems(order: SizeOrder): Problem[] {
  if (!hasShares(order)) return [];
  const network = podNetwork(order.labels);
  const room = 2 ** (nodeNetworkBits(order.labels) - prefixLength(network));
  if (order.nodeCount <= room) return [];
  const message = `the pods' network ${network} has room for ${room} nodes, and the cluster would have ${order.nodeCount}`;
  return [{ field: 'node_count', message }];
}

function meetings({ field, network }: NamedNetwork, name: string, others: [string, string][]): Problem[] {
  return others
    .filter(([, other]) => overlap(network, other))
    .map(([otherName, other]) => ({ field, message: `${name} ${network} meets ${otherName} ${other}` }));
}
