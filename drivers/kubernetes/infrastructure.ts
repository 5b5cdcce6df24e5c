import { SIGNING_AUTHORITY } from '../../common/trusted-authorities.js';
import {
  CLOUD_CREDENTIAL,
  CLUSTER_AUTHORITY,
  type ClusterSpec,
  type InfrastructurePlan,
  REGISTRY_LOGIN,
} from '../driver.js';
import { loadHot, mergeHot } from '../hot.js';
import { isTrue } from '../labels.js';
import { vipPart } from '../load-balancer.js';
import { masterPorts, openMasterPorts } from '../master-ports.js';
import { networkPart } from '../network.js';
import { cloudUse } from './cloud-use.js';
import { networkDriver, networkManifest, shownNetwork } from './network-drivers.js';
import { podNetwork } from './networks.js';
import { publishedPorts } from './port-mapping.js';
import { ETCD_AUTHORITY, FRONT_PROXY_AUTHORITY, NODES_AUTHORITY } from './profiles.js';

export const API_PORT = 6443;

/** Tokens of service accounts are signed with it; every master has it, so that any of them is believed. */
const SERVICE_ACCOUNT_KEY = 'service-account-key';

/** No secret, but too long for user data; the first master applies it. */
const NETWORK_MANIFEST = 'network-manifest';

/** Whether the cluster's own controllers sign as the authority of its users. */
export function signsRequests(labels: ClusterSpec['labels']): boolean {
  return isTrue(labels.cert_manager_api);
}

/** Network, security groups, a port with a known address for every master, and what stands before them. */
export function planInfrastructure(spec: ClusterSpec): InfrastructurePlan {
  const network = networkPart(spec);
  const { networkDriver: networkName } = spec.template;
  const networkRules = networkDriver(networkName).rules(spec.labels);
  const inCluster = networkManifest(spec);
  const template = mergeHot(
    `Infrastructure of the Kubernetes cluster ${spec.namePrefix}`,
    network.template,
    loadHot('kubernetes/security-groups.yaml'),
    ...(networkRules === undefined ? [] : [loadHot(networkRules)]),
    openMasterPorts(publishedPorts(spec.labels).map(({ port }) => port)),
    vipPart(spec, network),
    masterPorts(spec, network, shownNetwork(networkName, spec.labels)),
  );
  return {
    stack: {
      template,
      parameters: { ...network.parameters, api_port: API_PORT, pod_network: podNetwork(spec.labels) },
    },
    authorities: [CLUSTER_AUTHORITY, NODES_AUTHORITY, ETCD_AUTHORITY, FRONT_PROXY_AUTHORITY],
    secrets: [
      { name: SERVICE_ACCOUNT_KEY, readableBy: ['master'], writableBy: [], initial: 'private_key' },
      ...(inCluster === undefined
        ? []
        : [{ name: NETWORK_MANIFEST, readableBy: ['master'], writableBy: [], initial: { text: inCluster } }]),
      ...(signsRequests(spec.labels)
        ? [
            {
              name: SIGNING_AUTHORITY,
              readableBy: ['master'],
              writableBy: [],
              initial: { authority: CLUSTER_AUTHORITY },
            },
          ]
        : []),
      // No worker ever has it: what runs on every node needs none.
      ...(cloudUse(spec) === undefined ? [] : [{ name: CLOUD_CREDENTIAL, readableBy: ['master'], writableBy: [] }]),
      ...(spec.template.registryEnabled ? [{ name: REGISTRY_LOGIN, readableBy: ['*'], writableBy: [] }] : []),
    ],
  };
}
