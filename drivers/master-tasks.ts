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

/** A ready one before others, and one that has just been heard of: what a lost one said last was that it is ready. */
export function latestMaster(nodes: readonly Node[]): Node | undefined {
  const masters = nodes.filter(({ role, state }) => role === MASTER_ROLE && state === 'wanted');
  return masters.toSorted((a, b) => Number(b.ready) - Number(a.ready) || (b.lastSeen ?? 0) - (a.lastSeen ?? 0))[0];
}

/** On the master that was heard of last; none when no master is ready. */
export function onMaster(
  nodes: readonly Node[],
  subjects: readonly Node[],
  task: (subject: Node) => Pick<NodeTaskPlan, 'name' | 'params'>,
): NodeTaskPlan[] {
  const master = latestMaster(nodes.filter(({ ready }) => ready));
  if (master === undefined) return [];
  return subjects
    .filter(({ enrolledAt }) => enrolledAt !== undefined)
    .map((subject) => ({ runOn: master, subject: subject.name, ...task(subject) }));
}
