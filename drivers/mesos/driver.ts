import { billOf, newest, type SoftwareSource } from '../bill.js';
import { distributions } from '../distributions.js';
import type { BayDriver, ClusterSpec } from '../driver.js';
import { groupLabelProblems } from '../labels.js';
import { planLoadBalancer } from '../load-balancer.js';
import { masterTasks } from '../master-tasks.js';
import { planNodeStack } from '../node-stack.js';
import { EDGE_ROLE } from './discovery.js';
import { mesosHealth } from './health.js';
import { planInfrastructure } from './infrastructure.js';
import { mesosLabels } from './labels.js';
import { accessUrl, isAgent, planNode, planVolumes, type Software } from './node.js';
import { orderProblems, resizeProblems } from './orders.js';
import { MARATHON, publishedServices } from './services.js';

/** Apache Mesos with Marathon, as services of systemd on every node. */
export function mesos({ bills, mirrorUrl }: SoftwareSource): BayDriver {
  /** By the label that was settled when the cluster was accepted; without one its nodes run what is on their image. */
  const softwareOf = ({ labels: { mesos_version: version, mesos_mirror: mirror } }: ClusterSpec): Software => ({
    bill: version === undefined ? undefined : billOf(bills(), version),
    mirrorUrl: mirror ?? mirrorUrl,
  });
  return {
    name: 'mesos',
    // ZooKeeper and HAProxy are packages.
    serves: Object.entries(distributions)
      .filter(([, { packages }]) => packages)
      .map(([os]) => ({ serverType: 'vm', os, coe: 'mesos' })),
    labels: mesosLabels,
    defaultNetworkDriver: 'docker',
    validate: (order) => orderProblems(bills(), order),
    settledLabels(labels): Record<string, string> {
      const version = labels.mesos_version ?? newest(bills())?.version;
      return version === undefined ? {} : { mesos_version: version };
    },
    validateResize: resizeProblems,
    validateGroupLabels: ({ labels, clusterLabels }) => groupLabelProblems(mesosLabels, labels, clusterLabels),
    planInfrastructure,
    planLoadBalancer: (spec, infrastructure) =>
      planLoadBalancer(spec, infrastructure, MARATHON.publicPort, furtherPorts(spec)),
    planNode: (spec, infrastructure, node) => planNode(spec, infrastructure, node, softwareOf(spec)),
    planVolumes,
    needsFloatingAddress: ({ role }) => role === EDGE_ROLE,
    planNodeStack,
    accessUrl,
    health: mesosHealth,
    isIdle: ({ orchestrator }) => orchestrator.work === 'idle',
    tasks: {
      ...masterTasks,
      renewRegistry: (nodes) => masterTasks.renewRegistry?.(nodes.filter(isAgent)) ?? [],
    },
  };
}

/** Each has the same port on the load balancer as on the masters. */
function furtherPorts({ labels }: ClusterSpec): { port: number; nodePort: number }[] {
  return publishedServices(labels)
    .map(({ publicPort }) => ({ port: publicPort, nodePort: publicPort }))
    .filter(({ port }) => port !== MARATHON.publicPort);
}
