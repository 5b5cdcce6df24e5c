import { playKubernetes } from './kubernetes-member.js';
import type { Member, PlayedCluster } from './member.js';
import { playSwarm } from './swarm-member.js';

/** What is played, by a step that only its nodes have. */
const ORCHESTRATORS: Readonly<Record<string, () => PlayedCluster>> = {
  kubelet: playKubernetes,
  'docker-configure': playSwarm,
};

const nobody: Member = {
  steps: {},
  tasks: {},
  health: () => ({ ready: false, fields: {} }),
  hasPeers: false,
  halt() {},
};

/** A cluster of the orchestrator that these steps belong to; of an unheard-of one, nodes never become ready. */
export function playCluster(steps: readonly string[]): PlayedCluster {
  const play = Object.entries(ORCHESTRATORS).find(([step]) => steps.includes(step))?.[1];
  return play?.() ?? (() => nobody);
}
