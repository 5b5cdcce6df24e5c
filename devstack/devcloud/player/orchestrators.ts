import { playKubernetes } from './kubernetes-member.js';
import type { Member, PlayedCluster } from './member.js';
import { playMesos } from './mesos-member.js';
import { playSwarm } from './swarm-member.js';

/** What is played, by steps that only its nodes have. */
const ORCHESTRATORS: Readonly<Record<string, () => PlayedCluster>> = {
  kubelet: playKubernetes,
  'mesos-master': playMesos,
  'mesos-agent': playMesos,
  edge: playMesos,
  'swarm-init': playSwarm,
  'swarm-join': playSwarm,
};

/** A machine that has done its steps, and knows of no other. */
const machine: Member = {
  steps: {},
  tasks: {},
  health: () => ({ ready: true, fields: {} }),
  hasPeers: false,
  halt() {},
};

/** A cluster of the orchestrator that these steps belong to; of an unheard-of one, each node is well by itself. */
export function playCluster(steps: readonly string[]): PlayedCluster {
  const play = Object.entries(ORCHESTRATORS).find(([step]) => steps.includes(step))?.[1];
  return play?.() ?? (() => machine);
}
