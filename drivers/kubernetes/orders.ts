import { MASTER_ROLE } from '../../common/db/node-groups.js';
import type { ClusterOrder, Problem, ResizeOrder } from '../driver.js';
import { labelProblems } from '../labels.js';
import { COMMON_REFUSALS, masterProblems, type Refusal, refusalsOf } from '../orders.js';
import type { Bill } from './bill.js';
import { kubernetesLabels } from './labels.js';
import { overlap, podNetwork, prefixLength, serviceNetwork } from './networks.js';
import { portMappingProblems } from './port-mapping.js';
import { chosenBill, minorOf, OLDEST_MINOR } from './versions.js';

const WORDS = { cluster: 'a Kubernetes cluster', masters: 'masters' };
const STORAGE_DRIVERS = ['overlay2', 'vfs'];
const DEFAULT_SUBNET = '10.0.0.0/24';
/** A node has a /24 of it. */
const LONGEST_POD_PREFIX = 23;
const LONGEST_SERVICE_PREFIX = 24;

const REFUSALS: readonly Refusal[] = [
  {
    field: 'network_driver',
    applies: ({ networkDriver }) => networkDriver !== undefined && networkDriver !== 'routes',
    message: 'must be "routes": pods are reached by routes between the nodes, without a tunnel',
  },
  {
    field: 'volume_driver',
    applies: ({ volumeDriver }) => volumeDriver !== undefined,
    message: 'no volume driver is set up yet: leave it out',
  },
  {
    field: 'tls_disabled',
    applies: ({ tlsDisabled }) => tlsDisabled === true,
    message: 'Kubernetes has had no API without TLS since 1.20',
  },
  {
    field: 'docker_storage_driver',
    applies: ({ dockerStorageDriver: driver }) => driver !== undefined && !STORAGE_DRIVERS.includes(driver),
    message: `must be one of ${STORAGE_DRIVERS.join(', ')}: containerd calls them overlayfs and native`,
  },
  ...COMMON_REFUSALS,
];

/** Everything that is wrong with a template, or with a cluster over it. */
export function orderProblems(bills: readonly Bill[], order: ClusterOrder): Problem[] {
  const wrongLabels = labelProblems(kubernetesLabels, order.labels);
  return [
    ...wrongLabels,
    // What is no version or network can't be compared with others.
    ...(wrongLabels.length > 0
      ? []
      : [...versionProblems(bills, order.labels), ...networkProblems(order), ...portMappingProblems(order)]),
    ...refusalsOf(REFUSALS, order),
    ...masterProblems(WORDS, order),
  ];
}

/** Members of etcd come and go by upgrades only; upstream refuses it, too. */
export function resizeProblems({ group, nodeCount, leaving }: ResizeOrder): Problem[] {
  if (group.role !== MASTER_ROLE || (nodeCount === group.nodeCount && leaving === 0)) return [];
  const field = leaving > 0 ? 'nodes_to_remove' : 'node_count';
  return [{ field, message: 'the masters of a Kubernetes cluster stay those that were ordered' }];
}

function versionProblems(bills: readonly Bill[], labels: ClusterOrder['labels']): Problem[] {
  const field = 'labels.kube_tag';
  const known = bills.map(({ version }) => version).join(', ');
  const bill = chosenBill(bills, labels);
  if (bill === undefined) {
    const message = `there is a bill of materials of ${known || 'no version'}; "bayou mirror sync" makes further ones`;
    return [{ field, message }];
  }
  return minorOf(bill.version) >= OLDEST_MINOR ? [] : [{ field, message: `1.${OLDEST_MINOR} is the oldest supported` }];
}

function networkProblems({ labels, fixedNetwork }: ClusterOrder): Problem[] {
  const pods = { field: 'labels.pods_network_cidr', network: podNetwork(labels), longest: LONGEST_POD_PREFIX };
  const services = {
    field: 'labels.service_cluster_ip_range',
    network: serviceNetwork(labels),
    longest: LONGEST_SERVICE_PREFIX,
  };
  const small = [pods, services]
    .filter(({ network, longest }) => prefixLength(network) > longest)
    .map(({ field, network, longest }) => ({ field, message: `${network} is too small: /${longest} at least` }));
  const nodes = fixedNetwork === undefined ? (labels.fixed_subnet_cidr ?? DEFAULT_SUBNET) : undefined;
  const others = [
    { name: 'services', network: services.network },
    ...(nodes === undefined ? [] : [{ name: 'nodes', network: nodes }]),
  ];
  const met = others
    .filter(({ network }) => overlap(pods.network, network))
    .map(({ name, network }) => ({
      field: pods.field,
      message: `the pods' ${pods.network} meets the ${name}' ${network}`,
    }));
  if (nodes === undefined || !overlap(services.network, nodes)) return [...small, ...met];
  return [...small, ...met, { field: services.field, message: `${services.network} meets the nodes' ${nodes}` }];
}
