import { distributions } from '../distributions.js';
import type { BayDriver, ClusterSpec } from '../driver.js';
import { planLoadBalancer } from '../load-balancer.js';
import { masterTasks } from '../master-tasks.js';
import { planNodeStack } from '../node-stack.js';
import type { Bill } from './bill.js';
import { kubernetesHealth } from './health.js';
import { API_PORT, planInfrastructure } from './infrastructure.js';
import { kubernetesLabels } from './labels.js';
import { podNetwork } from './networks.js';
import { accessUrl, planNode, type Software } from './node.js';
import { orderProblems, resizeProblems } from './orders.js';
import { chosenBill } from './versions.js';

export interface KubernetesSettings {
  /** Read when they are needed first. */
  bills: () => readonly Bill[];
  /** Where nodes fetch their software, unless a cluster's label says otherwise. */
  mirrorUrl?: string | undefined;
}

/** Upstream's Kubernetes, as services of systemd on every node. */
export function kubernetes({ bills, mirrorUrl }: KubernetesSettings): BayDriver {
  const softwareOf = ({ labels }: ClusterSpec): Software => {
    const bill = chosenBill(bills(), labels);
    if (bill === undefined) throw new Error(`There is no bill of Kubernetes ${labels.kube_tag ?? ''} any more`);
    return { bill, mirrorUrl: labels.kube_mirror ?? mirrorUrl };
  };
  return {
    name: 'kubernetes',
    serves: Object.keys(distributions).map((os) => ({ serverType: 'vm', os, coe: 'kubernetes' })),
    labels: kubernetesLabels,
    defaultNetworkDriver: 'routes',
    validate: (order) => orderProblems(bills(), order),
    validateResize: resizeProblems,
    validateNodeGroup: () => [],
    planInfrastructure,
    planLoadBalancer: (spec, infrastructure) => planLoadBalancer(spec, infrastructure, API_PORT),
    planNode: (spec, infrastructure, node) => planNode(spec, infrastructure, node, softwareOf(spec)),
    planNodeStack: (input) => planNodeStack(input, podNetwork(input.labels)),
    accessUrl,
    health: kubernetesHealth,
    tasks: masterTasks,
  };
}
