import type { ClusterOrder, Problem, ResizeOrder } from '../driver.js';
import { labelProblems } from '../labels.js';
import { COMMON_REFUSALS, masterProblems, quorumProblems, type Refusal, refusalsOf } from '../orders.js';
import { swarmLabels } from './labels.js';

const WORDS = { cluster: 'a Swarm', masters: 'managers' };
const STORAGE_DRIVERS = ['overlay2', 'vfs'];

const REFUSALS: readonly Refusal[] = [
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
  ...COMMON_REFUSALS,
];

/** Everything that is wrong with a template, or with a cluster over it. */
export function orderProblems(order: ClusterOrder): Problem[] {
  return [...labelProblems(swarmLabels, order.labels), ...refusalsOf(REFUSALS, order), ...masterProblems(WORDS, order)];
}

export function resizeProblems(order: ResizeOrder): Problem[] {
  return quorumProblems(WORDS, order);
}
