import { distributions } from '../distributions.js';
import type { BayDriver } from '../driver.js';
import { groupLabelProblems } from '../labels.js';
import { planLoadBalancer } from '../load-balancer.js';
import { masterTasks } from '../master-tasks.js';
import { planNodeStack } from '../node-stack.js';
import { containersVolume } from '../node-volumes.js';
import { apiPort } from './api-port.js';
import { swarmHealth } from './health.js';
import { planInfrastructure } from './infrastructure.js';
import { swarmLabels } from './labels.js';
import { accessUrl, planNode } from './node.js';
import { orderProblems, resizeProblems } from './orders.js';

/** Docker Swarm ("swarm mode"). Upstream's two names of the COE mean the same here. */
export const swarm: BayDriver = {
  name: 'swarm',
  serves: Object.keys(distributions).flatMap((os) =>
    ['swarm', 'swarm-mode'].map((coe) => ({ serverType: 'vm', os, coe })),
  ),
  labels: swarmLabels,
  defaultNetworkDriver: 'docker',
  validate: orderProblems,
  validateResize: resizeProblems,
  validateGroupLabels: ({ labels, clusterLabels }) => groupLabelProblems(swarmLabels, labels, clusterLabels),
  planInfrastructure,
  planLoadBalancer: (spec, infrastructure) => planLoadBalancer(spec, infrastructure, apiPort(spec)),
  planNode,
  planVolumes: containersVolume,
  planNodeStack,
  accessUrl,
  health: swarmHealth,
  tasks: masterTasks,
};
