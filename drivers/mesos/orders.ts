import { MASTER_ROLE } from '../../common/db/node-groups.js';
import { type Bill, billOf } from '../bill.js';
import type { ClusterOrder, Problem, ResizeOrder } from '../driver.js';
import { labelProblems } from '../labels.js';
import { COMMON_REFUSALS, masterProblems, type Refusal, refusalsOf } from '../orders.js';
import { agentProblems } from './agent-labels.js';
import { EDGE_ROLE, hasDiscovery } from './discovery.js';
import { edgePortProblems } from './edge-ports.js';
import { mesosLabels } from './labels.js';

const WORDS = { cluster: 'a Mesos cluster', masters: 'masters' };
const STORAGE_DRIVERS = ['overlay2', 'vfs'];

const REFUSALS: readonly Refusal[] = [
  {
    field: 'network_driver',
    applies: ({ networkDriver }) => networkDriver !== undefined && networkDriver !== 'docker',
    message: 'a Mesos cluster supports "docker" (its agents\' own network) only',
  },
  {
    field: 'volume_driver',
    applies: ({ volumeDriver }) => volumeDriver !== undefined,
    message: 'a Mesos cluster supports no volume driver: REX-Ray is no longer maintained',
  },
  {
    field: 'tls_disabled',
    applies: ({ tlsDisabled }) => tlsDisabled === true,
    message:
      'Marathon and Mesos have no login of their own: without TLS everybody who reaches them could start anything',
  },
  {
    field: 'docker_storage_driver',
    applies: ({ dockerStorageDriver: driver }) => driver !== undefined && !STORAGE_DRIVERS.includes(driver),
    message: `must be one of ${STORAGE_DRIVERS.join(', ')}: Docker has given up the others, or they need disks of their own`,
  },
  {
    field: 'role',
    applies: ({ role, labels }) => role === EDGE_ROLE && !hasDiscovery(labels),
    message: 'an edge serves what service_discovery has found, which this cluster was made without',
  },
  ...COMMON_REFUSALS,
];

/** Everything that is wrong with a template, or with a cluster over it. */
export function orderProblems(bills: readonly Bill[], order: ClusterOrder): Problem[] {
  const wrongLabels = labelProblems(mesosLabels, order.labels);
  return [
    ...wrongLabels,
    // What is no version or list can't be judged further.
    ...(wrongLabels.length > 0
      ? []
      : [...versionProblems(bills, order.labels), ...agentProblems(order.labels), ...edgePortProblems(order)]),
    ...refusalsOf(REFUSALS, order),
    ...masterProblems(WORDS, order),
  ];
}

function versionProblems(bills: readonly Bill[], { mesos_version: version }: ClusterOrder['labels']): Problem[] {
  if (version === undefined || billOf(bills, version) !== undefined) return [];
  const known = bills.map((bill) => bill.version).join(', ') || 'no version';
  const message = `there is a bill of materials of ${known}; without the label nodes run what is on their image`;
  return [{ field: 'labels.mesos_version', message }];
}

/** ZooKeeper's ensemble and the quorum of masters are what each of them was told when it was made. */
export function resizeProblems({ group, nodeCount, leaving }: ResizeOrder): Problem[] {
  if (group.role !== MASTER_ROLE || (nodeCount === group.nodeCount && leaving === 0)) return [];
  const field = leaving > 0 ? 'nodes_to_remove' : 'node_count';
  return [{ field, message: 'the masters of a Mesos cluster stay those that were ordered' }];
}
