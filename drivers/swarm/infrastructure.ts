import {
  CLUSTER_AUTHORITY,
  type ClusterSpec,
  type HotTemplate,
  type InfrastructurePlan,
  type NodeIdentity,
  REGISTRY_LOGIN,
} from '../driver.js';
import { loadHot, mergeHot } from '../hot.js';
import { floatingAddressResource, portResource } from '../node-stack.js';
import { apiPort } from './api-port.js';
import { loadBalancerOf, VIP_PORT, vipPart } from './load-balancer.js';
import { type NetworkPart, networkPart } from './network.js';

/** Network, security groups, a port with a known address for every manager, and what stands before them. */
export function planInfrastructure(spec: ClusterSpec): InfrastructurePlan {
  const network = networkPart(spec);
  const template = mergeHot(
    `Infrastructure of the Docker Swarm ${spec.namePrefix}`,
    network.template,
    loadHot('swarm/security-groups.yaml'),
    vipPart(spec, network),
    managerPorts(spec, network),
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

function managerPorts(spec: ClusterSpec, network: NetworkPart): HotTemplate {
  const ports: HotTemplate = { heat_template_version: '2018-08-31', resources: {}, outputs: {} };
  const external = spec.template.externalNetworkId;
  const masterPorts: Record<string, unknown> = {};
  for (const { name } of byOrdinal([...spec.masters, ...spec.leavingMasters])) {
    const port = `${name}-port`;
    ports.resources[port] = managerPort(spec, network, name);
    const described: Record<string, unknown> = {
      port_id: { get_resource: port },
      address: { get_attr: [port, 'fixed_ips', 0, 'ip_address'] },
    };
    if (spec.floatingIpEnabled && external !== undefined) {
      ports.resources[`${name}-address`] = floatingAddressResource(external, port, network.routed);
      described.floating_address = { get_attr: [`${name}-address`, 'floating_ip_address'] };
    }
    masterPorts[name] = described;
  }
  ports.outputs = { master_ports: { value: masterPorts } };
  return ports;
}

/** Always in the same order, whoever leaves: the plan's text tells whether it has changed. */
function byOrdinal(masters: NodeIdentity[]): NodeIdentity[] {
  return masters.toSorted((a, b) => a.ordinal - b.ordinal);
}

/** Neutron lets a port send from its own addresses only; the shared one must be allowed. */
function managerPort(spec: ClusterSpec, network: NetworkPart, name: string) {
  const group = { get_resource: 'master_security_group' };
  const port = portResource(name, network.networkRef, network.subnetRef, group);
  if (loadBalancerOf(spec) !== 'haproxy') return port;
  const shared = { get_attr: [VIP_PORT, 'fixed_ips', 0, 'ip_address'] };
  return { ...port, properties: { ...port.properties, allowed_address_pairs: [{ ip_address: shared }] } };
}
