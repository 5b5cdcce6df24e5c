import type { SoftwareSource } from '../bill.js';
import { distributions } from '../distributions.js';
import type { BayDriver, ClusterSpec, NodeIdentity } from '../driver.js';
import { planLoadBalancer } from '../load-balancer.js';
import { masterTasks } from '../master-tasks.js';
import { planNodeStack } from '../node-stack.js';
import { planAddons, planCredentialRenewal } from './addons.js';
import { cloudUse } from './cloud-use.js';
import { ownLabelProblems } from './group-labels.js';
import { kubernetesHealth } from './health.js';
import { API_PORT, planInfrastructure } from './infrastructure.js';
import { kubernetesLabels } from './labels.js';
import { DEFAULT_NETWORK_DRIVER, shownNetwork } from './network-drivers.js';
import { shareRoomProblems } from './network-orders.js';
import { accessUrl, planNode, type Software } from './node.js';
import { BARE_METAL, nodeGroupProblems, orderProblems, resizeProblems } from './orders.js';
import { publishedPorts } from './port-mapping.js';
import { rotationTasks } from './rotation-tasks.js';
import { planUpgrade } from './upgrade.js';
import { upgradeTasks } from './upgrade-tasks.js';
import { chosenBill, groupVersion } from './versions.js';
import { planVolumes } from './volumes.js';

/** Upstream's Kubernetes, as services of systemd on every node. */
export function kubernetes({ bills, mirrorUrl }: SoftwareSource): BayDriver {
  /** Of a node to be made; without one, of the masters. */
  const softwareOf = ({ labels, groups }: ClusterSpec, node?: NodeIdentity): Software => {
    const group = groups.find(({ uuid }) => uuid === node?.nodeGroupId);
    const version = groupVersion(groups, group?.labels ?? {}, labels);
    const bill = chosenBill(bills(), version === undefined ? {} : { kube_tag: version });
    if (bill === undefined) throw new Error(`There is no bill of Kubernetes ${version ?? ''} any more`);
    return { bill, mirrorUrl: group?.labels.kube_mirror ?? labels.kube_mirror ?? mirrorUrl };
  };
  return {
    name: 'kubernetes',
    serves: ['vm', BARE_METAL].flatMap((serverType) =>
      Object.keys(distributions).map((os) => ({ serverType, os, coe: 'kubernetes' })),
    ),
    labels: kubernetesLabels,
    defaultNetworkDriver: DEFAULT_NETWORK_DRIVER,
    validate: (order) => orderProblems(bills(), order),
    validateResize: resizeProblems,
    validateSize: shareRoomProblems,
    settledLabels: (labels) => ({ kube_tag: chosenBill(bills(), labels)?.version ?? '' }),
    cloudUse,
    validateNodeGroup: nodeGroupProblems,
    validateGroupLabels: ownLabelProblems,
    planUpgrade: (order) => planUpgrade(bills(), mirrorUrl, order),
    planInfrastructure,
    planLoadBalancer: (spec, infrastructure) =>
      planLoadBalancer(spec, infrastructure, API_PORT, publishedPorts(spec.labels)),
    planNode: (spec, infrastructure, node) => planNode(spec, infrastructure, node, softwareOf(spec, node)),
    planVolumes,
    planNodeStack: (input) => planNodeStack(input, shownNetwork(input.networkDriver, input.labels)),
    accessUrl,
    health: kubernetesHealth,
    tasks: {
      ...masterTasks,
      upgrade: upgradeTasks,
      rotateCa: rotationTasks,
      renewCredential: planCredentialRenewal,
      addons: (spec, nodes) => planAddons(spec, nodes, softwareOf(spec).bill.version),
    },
  };
}
