import { MASTER_ROLE } from '../common/db/node-groups.js';
import type { Node } from '../common/db/nodes.js';
import type { DriverTasks, NodeTaskPlan } from './driver.js';
import { tellMasters } from './master-list.js';

/** Masters drain and remove members: a worker may not. Each orchestrator has scripts of these names. */
export const masterTasks: DriverTasks = {
  drain(nodes, leaving, timeoutSeconds) {
    return onMaster(nodes, leaving, (node) => ({
      name: 'drain',
      params: { node: node.name, timeout_seconds: String(timeoutSeconds) },
    }));
  },
  renewRegistry(nodes) {
    return nodes.map((node) => ({ runOn: node, name: 'registry', subject: node.name, params: {} }));
  },
  removeNodes(nodes, gone) {
    return onMaster(nodes, gone, (node) => ({ name: 'remove-node', params: { node: node.name } }));
  },
  tellMasters,
};

function onMaster(
  nodes: readonly Node[],
  subjects: readonly Node[],
  task: (subject: Node) => Pick<NodeTaskPlan, 'name' | 'params'>,
): NodeTaskPlan[] {
  // One that has just been heard of: what a lost one said last was that it is ready.
  const [master] = nodes
    .filter(({ role, state, ready }) => role === MASTER_ROLE && state === 'wanted' && ready)
    .toSorted((a, b) => (b.lastSeen ?? 0) - (a.lastSeen ?? 0));
  if (master === undefined) return [];
  return subjects
    .filter(({ enrolledAt }) => enrolledAt !== undefined)
    .map((subject) => ({ runOn: master, subject: subject.name, ...task(subject) }));
}
