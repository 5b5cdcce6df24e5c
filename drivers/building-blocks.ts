import { commonLabels } from './common-labels.js';
import { distributions } from './distributions.js';
import { CLUSTER_AUTHORITY } from './driver.js';
import { mergeHot } from './hot.js';
import { isTrue, labelProblems } from './labels.js';
import { planLoadBalancer, vipPart } from './load-balancer.js';
import { masterPorts, mastersOf } from './master-ports.js';
import { masterTasks } from './master-tasks.js';
import { networkPart } from './network.js';
import { accessAddress, templateSettings } from './node-settings.js';
import { planNodeStack } from './node-stack.js';
import { containersVolume, volumeSteps } from './node-volumes.js';
import { COMMON_REFUSALS, masterProblems, quorumProblems, refusalsOf } from './orders.js';
import { quorumOf } from './quorum.js';

/** What Bayou's own drivers are made of, for drivers that others write: they are handed it, and import nothing of Bayou. */
export const buildingBlocks = {
  CLUSTER_AUTHORITY,
  COMMON_REFUSALS,
  accessAddress,
  commonLabels,
  containersVolume,
  distributions,
  isTrue,
  labelProblems,
  masterPorts,
  masterProblems,
  masterTasks,
  mastersOf,
  mergeHot,
  networkPart,
  planLoadBalancer,
  planNodeStack,
  quorumOf,
  quorumProblems,
  refusalsOf,
  templateSettings,
  vipPart,
  volumeSteps,
} as const;

export type BuildingBlocks = typeof buildingBlocks;
