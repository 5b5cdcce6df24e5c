import { MASTER_ROLE } from '../common/db/node-groups.js';
import type { ClusterSpec, HotTemplate, Infrastructure, NodeIdentity } from './driver.js';
import { loadBalancerOf, VIP_PORT } from './load-balancer.js';
import type { NetworkPart } from './network.js';
import { allowAddresses, floatingAddressResource, portResource } from './node-stack.js';
import { openPorts } from './open-ports.js';

/**
 * A port with a known address for every master, so that certificates and memberships are known before any machine boots.
 * @param podNetwork CIDR that masters send from as well, for the pods on them
 */
export function masterPorts(spec: ClusterSpec, network: NetworkPart, podNetwork?: string): HotTemplate {
  const ports: HotTemplate = { heat_template_version: '2018-08-31', resources: {}, outputs: {} };
  const external = spec.template.externalNetworkId;
  const all: Record<string, unknown> = {};
  for (const { name } of byOrdinal([...spec.masters, ...spec.leavingMasters])) {
    const port = `${name}-port`;
    const resource = portResource(name, network.networkRef, network.subnetRef, {
      get_resource: 'master_security_group',
    });
    ports.resources[port] = resource;
    allowAddresses(resource, [...sharedAddress(spec), ...(podNetwork === undefined ? [] : [podNetwork])]);
    const described: Record<string, unknown> = {
      port_id: { get_resource: port },
      address: { get_attr: [port, 'fixed_ips', 0, 'ip_address'] },
    };
    if (spec.floatingIpEnabled && external !== undefined) {
      ports.resources[`${name}-address`] = floatingAddressResource(external, port, network.routed);
      described.floating_address = { get_attr: [`${name}-address`, 'floating_ip_address'] };
    }
    all[name] = described;
  }
  ports.outputs = { master_ports: { value: all } };
  return ports;
}

/** Lets everybody reach these on the masters. */
export function openMasterPorts(ports: readonly number[]): HotTemplate {
  return openPorts({ role: MASTER_ROLE, rule: 'published_port', ports });
}

/** Always in the same order, whoever leaves: the plan's text tells whether it has changed. */
function byOrdinal(masters: NodeIdentity[]): NodeIdentity[] {
  return masters.toSorted((a, b) => a.ordinal - b.ordinal);
}

function sharedAddress(spec: ClusterSpec): unknown[] {
  return loadBalancerOf(spec) === 'haproxy' ? [{ get_attr: [VIP_PORT, 'fixed_ips', 0, 'ip_address'] }] : [];
}

/** The masters by name and address, as their nodes are told. */
export function mastersOf(spec: ClusterSpec, infrastructure: Infrastructure): { name: string; address: string }[] {
  return spec.masters.map(({ name }) => ({ name, address: infrastructure.masterPorts[name]?.address ?? '' }));
}
