import type { ClusterSpec, HotTemplate } from './driver.js';
import { loadHot } from './hot.js';

export const DEFAULT_SUBNET_CIDR = '10.0.0.0/24';
const DEFAULT_NAMESERVER = '8.8.8.8';

/** The part of the infrastructure that the rest of it stands on. */
export interface NetworkPart {
  template: HotTemplate;
  parameters: Record<string, unknown>;
  networkRef: unknown;
  subnetRef: unknown;
  /** What floating addresses wait for: Neutron wants the router first. */
  routed: string | undefined;
}

/** A network of the cluster's own, or one that is there already. */
export function networkPart(spec: ClusterSpec): NetworkPart {
  if (spec.fixedNetwork !== undefined) {
    return {
      template: loadHot('common/existing-network.yaml'),
      parameters: { fixed_network: spec.fixedNetwork, fixed_subnet: spec.fixedSubnet ?? '' },
      networkRef: { get_param: 'fixed_network' },
      subnetRef: { get_param: 'fixed_subnet' },
      routed: undefined,
    };
  }
  return {
    template: loadHot('common/private-network.yaml'),
    parameters: {
      external_network: spec.template.externalNetworkId ?? '',
      dns_nameserver: spec.template.dnsNameserver ?? DEFAULT_NAMESERVER,
      subnet_cidr: spec.labels.fixed_subnet_cidr ?? DEFAULT_SUBNET_CIDR,
    },
    networkRef: { get_resource: 'network' },
    subnetRef: { get_resource: 'subnet' },
    routed: 'router_interface',
  };
}
