import type { RotationTasks } from '../driver.js';
import { onMaster } from '../master-tasks.js';

/** By scripts of these names. */
export const rotationTasks: RotationTasks = {
  follow: (node, stage) => ({
    runOn: node,
    name: 'rotate-ca',
    subject: `${stage} ${node.name}`,
    params: {},
  }),
  renewWorkloads(nodes, stage) {
    const [first] = nodes;
    return onMaster(nodes, first === undefined ? [] : [first], () => ({
      name: 'rotate-ca-workloads',
      params: {},
    })).map((task) => ({ ...task, subject: stage }));
  },
};
