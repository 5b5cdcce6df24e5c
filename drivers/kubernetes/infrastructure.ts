import { CLUSTER_AUTHORITY, type ClusterSpec, type InfrastructurePlan, REGISTRY_LOGIN } from '../driver.js';
import { loadHot, mergeHot } from '../hot.js';
import { vipPart } from '../load-balancer.js';
import { masterPorts } from '../master-ports.js';
import { networkPart } from '../network.js';
import { podNetwork } from './networks.js';
import { publishedPorts, publishedRules } from './port-mapping.js';
import { ETCD_AUTHORITY, FRONT_PROXY_AUTHORITY, NODES_AUTHORITY } from './profiles.js';

export const API_PORT = 6443;

/** Tokens of service accounts are signed with it; every master has it, so that any of them is believed. */
const SERVICE_ACCOUNT_KEY = 'service-account-key';

/** Network, security groups, a port with a known address for every master, and what stands before them. */
export function planInfrastructure(spec: ClusterSpec): InfrastructurePlan {
  const network = networkPart(spec);
  const pods = podNetwork(spec.labels);
  const template = mergeHot(
    `Infrastructure of the Kubernetes cluster ${spec.namePrefix}`,
    network.template,
    loadHot('kubernetes/security-groups.yaml'),
    publishedRules(publishedPorts(spec.labels)),
    vipPart(spec, network),
    masterPorts(spec, network, pods),
  );
  return {
    stack: { template, parameters: { ...network.parameters, api_port: API_PORT, pod_network: pods } },
    authorities: [CLUSTER_AUTHORITY, NODES_AUTHORITY, ETCD_AUTHORITY, FRONT_PROXY_AUTHORITY],
    secrets: [
      { name: SERVICE_ACCOUNT_KEY, readableBy: ['master'], writableBy: [], initial: 'private_key' },
      ...(spec.template.registryEnabled ? [{ name: REGISTRY_LOGIN, readableBy: ['*'], writableBy: [] }] : []),
    ],
  };
}
