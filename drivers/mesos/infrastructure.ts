import { CLUSTER_AUTHORITY, type ClusterSpec, type InfrastructurePlan, REGISTRY_LOGIN } from '../driver.js';
import { loadHot, mergeHot } from '../hot.js';
import { vipPart } from '../load-balancer.js';
import { masterPorts, openMasterPorts } from '../master-ports.js';
import { networkPart } from '../network.js';
import { hasDiscovery } from './discovery.js';
import { edgeRules } from './edge-ports.js';
import { ETCD_AUTHORITY } from './profiles.js';
import { publishedServices } from './services.js';

/** Network, security groups, a port with a known address for every master, and what stands before them. */
export function planInfrastructure(spec: ClusterSpec): InfrastructurePlan {
  const network = networkPart(spec);
  const discovers = hasDiscovery(spec.labels);
  const template = mergeHot(
    `Infrastructure of the Mesos cluster ${spec.namePrefix}`,
    network.template,
    loadHot('mesos/security-groups.yaml'),
    ...(discovers ? [loadHot('mesos/security-groups-edge.yaml'), edgeRules(spec.labels)] : []),
    openMasterPorts(publishedServices(spec.labels).map(({ publicPort }) => publicPort)),
    vipPart(spec, network),
    masterPorts(spec, network),
  );
  return {
    stack: { template, parameters: network.parameters },
    authorities: [CLUSTER_AUTHORITY, ...(discovers ? [ETCD_AUTHORITY] : [])],
    secrets: spec.template.registryEnabled ? [{ name: REGISTRY_LOGIN, readableBy: ['*'], writableBy: [] }] : [],
  };
}
