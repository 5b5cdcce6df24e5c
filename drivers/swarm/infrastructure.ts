import { CLUSTER_AUTHORITY, type ClusterSpec, type InfrastructurePlan, REGISTRY_LOGIN } from '../driver.js';
import { loadHot, mergeHot } from '../hot.js';
import { vipPart } from '../load-balancer.js';
import { masterPorts } from '../master-ports.js';
import { networkPart } from '../network.js';
import { apiPort } from './api-port.js';

/** Network, security groups, a port with a known address for every manager, and what stands before them. */
export function planInfrastructure(spec: ClusterSpec): InfrastructurePlan {
  const network = networkPart(spec);
  const template = mergeHot(
    `Infrastructure of the Docker Swarm ${spec.namePrefix}`,
    network.template,
    loadHot('swarm/security-groups.yaml'),
    vipPart(spec, network),
    masterPorts(spec, network),
  );
  return {
    stack: { template, parameters: { ...network.parameters, api_port: apiPort(spec) } },
    authorities: [CLUSTER_AUTHORITY],
    secrets: [
      { name: 'swarm-manager-token', readableBy: ['master'], writableBy: ['master'] },
      { name: 'swarm-worker-token', readableBy: ['*'], writableBy: ['master'] },
      ...(spec.template.registryEnabled ? [{ name: REGISTRY_LOGIN, readableBy: ['*'], writableBy: [] }] : []),
    ],
  };
}
