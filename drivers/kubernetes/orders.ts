import { MASTER_ROLE } from '../../common/db/node-groups.js';
import type { Bill } from '../bill.js';
import type { ClusterOrder, NodeGroupOrder, Problem, ResizeOrder } from '../driver.js';
import { isTrue, labelProblems } from '../labels.js';
import { COMMON_REFUSALS, hasPackages, masterProblems, type Refusal, refusalsOf } from '../orders.js';
import { CLOUD_REFUSALS } from './cloud-orders.js';
import { kubernetesLabels } from './labels.js';
import { networkDrivers } from './network-drivers.js';
import { networkProblems } from './network-orders.js';
import { NFS_REFUSAL } from './nfs.js';
import { portMappingProblems } from './port-mapping.js';
import { chosenBill, minorOf, OLDEST_MINOR } from './versions.js';
import { etcdVolumeSize } from './volumes.js';

const WORDS = { cluster: 'a Kubernetes cluster', masters: 'masters' };
const STORAGE_DRIVERS = ['overlay2', 'vfs'];

/** It names a folder of containerd's, and stands in a file of TOML. */
const REGISTRY = /^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?(:\d{1,5})?$/;

const REFUSALS: readonly Refusal[] = [
  {
    field: 'network_driver',
    applies: ({ networkDriver }) => networkDriver !== undefined && !networkDrivers.includes(networkDriver),
    message: `must be one of ${networkDrivers.join(', ')}`,
  },
  {
    field: 'labels.flannel_backend',
    applies: ({ labels }) => labels.flannel_backend === 'udp',
    message:
      'udp sends every packet through a program: flannel has it for kernels without vxlan, which no image here has',
  },
  ...CLOUD_REFUSALS,
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
  {
    field: 'labels.port_mapping',
    applies: ({ labels, clusterDistro }) => labels.port_mapping !== undefined && !hasPackages(clusterDistro),
    message: 'HAProxy on the masters does it, which must be installed: that needs an image of Debian or Ubuntu',
  },
  {
    field: 'insecure_registry',
    applies: ({ insecureRegistry: registry }) => registry !== undefined && !REGISTRY.test(registry),
    message: 'must be the name or address of a registry, and its port, such as registry.example.org:5000',
  },
  NFS_REFUSAL,
  ...COMMON_REFUSALS,
];

/** The `server_type` of machines of Ironic. */
export const BARE_METAL = 'bm';

/** Nova attaches no volume to them; and they stand in the network that they are cabled to. */
const BARE_METAL_REFUSALS: readonly Refusal[] = [
  {
    // A template may leave it to its clusters.
    field: 'fixed_network',
    applies: ({ masterCount, fixedNetwork }) => masterCount !== undefined && fixedNetwork === undefined,
    message: 'bare metal stands in a network that is there already: name it, here or in the cluster template',
  },
  {
    field: 'docker_volume_size',
    applies: ({ dockerVolumeSize }) => dockerVolumeSize !== undefined,
    message: 'bare metal gets no volumes of Cinder: its containers are on its own disk',
  },
  {
    field: 'labels.cinder_csi_enabled',
    applies: ({ labels }) => isTrue(labels.cinder_csi_enabled),
    message: 'Nova attaches no volumes to bare metal, nor for its pods',
  },
  {
    field: 'labels.etcd_volume_size',
    applies: ({ labels }) => etcdVolumeSize(labels) > 0,
    message: 'bare metal gets no volumes of Cinder: its etcd is on its own disk',
  },
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
    ...(order.serverType === BARE_METAL ? refusalsOf(BARE_METAL_REFUSALS, order) : []),
    ...masterProblems(WORDS, order),
  ];
}

/** Its name and role become labels of its nodes (kubernetes.io, "Labels and Selectors"). */
const LABEL_VALUE = /^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;

export function nodeGroupProblems({ name, role }: Pick<NodeGroupOrder, 'name' | 'role'>): Problem[] {
  return Object.entries({ name, role })
    .filter(([, value]) => !LABEL_VALUE.test(value))
    .map(([field, value]) => ({
      field,
      message: `"${value}" is no label of Kubernetes: letters, digits, "-", "_" and ".", 63 at most, none of these at the ends`,
    }));
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
