import type { ClusterSpec, HotTemplate, Infrastructure, StackPlan } from './driver.js';
import { loadHot, mergeHot } from './hot.js';
import { isTrue } from './labels.js';
import type { NetworkPart } from './network.js';
import { floatingAddressResource, portResource } from './node-stack.js';

/**
 * What stands before the masters: Octavia, in a stack of its own, since it is slow to come up; or
 * HAProxy on every master, with an address that keepalived moves to one that lives.
 */
export type LoadBalancer = 'octavia' | 'haproxy';

export const LOAD_BALANCERS: readonly LoadBalancer[] = ['octavia', 'haproxy'];

/** The step that sets HAProxy up. */
export const LOAD_BALANCER_STEP = 'load-balancer';

/** The port that keeps the address of HAProxy. No machine has it. */
export const VIP_PORT = 'api-port';
const VIP_ADDRESS = 'api-address';

/** The owner's choice, else Octavia where the cloud has it. */
export function loadBalancerOf(
  spec: Pick<ClusterSpec, 'masterLbEnabled' | 'labels' | 'cloud'>,
): LoadBalancer | undefined {
  if (!spec.masterLbEnabled) return undefined;
  const chosen = LOAD_BALANCERS.find((provider) => provider === spec.labels.master_lb_provider);
  return chosen ?? (spec.cloud.loadBalancers ? 'octavia' : 'haproxy');
}

/** The external network of the floating address that users come by; undefined when there is to be none. */
function floatingNetwork({ floatingIpEnabled, labels, template }: ClusterSpec): string | undefined {
  const own = labels.master_lb_floating_ip_enabled;
  const wanted = own === undefined ? floatingIpEnabled : isTrue(own);
  return wanted ? template.externalNetworkId : undefined;
}

/** The addresses that must be known before a machine boots, since they stand in the masters' certificates. */
export function vipPart(spec: ClusterSpec, network: NetworkPart): HotTemplate {
  const part: HotTemplate = { heat_template_version: '2018-08-31', resources: {} };
  const provider = loadBalancerOf(spec);
  if (provider === undefined) return part;
  const external = floatingNetwork(spec);
  const vip: Record<string, unknown> = {};
  if (provider === 'haproxy') {
    const group = { get_resource: 'master_security_group' };
    const name = `${spec.namePrefix}-api`;
    part.resources[VIP_PORT] = portResource(name, network.networkRef, network.subnetRef, group);
    vip.address = { get_attr: [VIP_PORT, 'fixed_ips', 0, 'ip_address'] };
  }
  if (external !== undefined) {
    const port = provider === 'haproxy' ? VIP_PORT : undefined;
    part.resources[VIP_ADDRESS] = floatingAddressResource(external, port, network.routed);
    vip.floating_id = { get_resource: VIP_ADDRESS };
    vip.floating_address = { get_attr: [VIP_ADDRESS, 'floating_ip_address'] };
  }
  return { ...part, outputs: { vip: { value: vip } } };
}

/**
 * Octavia's part, once the masters' addresses are known. Its address is the attribute of `load_balancer`.
 * @param published further ports, each with the one of the masters that it leads to
 */
export function planLoadBalancer(
  spec: ClusterSpec,
  infrastructure: Infrastructure,
  apiPort: number,
  published: readonly { port: number; nodePort: number }[] = [],
): StackPlan | undefined {
  if (loadBalancerOf(spec) !== 'octavia') return undefined;
  const further: HotTemplate = { heat_template_version: '2018-08-31', resources: {} };
  const members = (pool: string, port: unknown) => {
    for (const { name } of spec.masters) {
      further.resources[`${name}-${pool === 'pool' ? 'member' : pool}`] = {
        type: 'OS::Octavia::PoolMember',
        properties: {
          pool: { get_resource: pool },
          address: infrastructure.masterPorts[name]?.address ?? '',
          protocol_port: port,
          subnet: { get_param: 'subnet' },
        },
      };
    }
  };
  members('pool', { get_param: 'api_port' });
  for (const { port, nodePort } of published) {
    Object.assign(further.resources, publishedPart(port));
    members(`pool-${port}`, nodePort);
  }
  const floatingId = infrastructure.vip?.floatingId;
  if (floatingId !== undefined) {
    further.resources[VIP_ADDRESS] = {
      type: 'OS::Neutron::FloatingIPAssociation',
      properties: { floatingip_id: floatingId, port_id: { get_attr: ['load_balancer', 'vip_port_id'] } },
    };
  }
  const description = `Load balancer of the container cluster ${spec.namePrefix}`;
  return {
    template: mergeHot(description, loadHot('common/load-balancer.yaml'), further),
    parameters: { subnet: infrastructure.subnetId, api_port: apiPort },
  };
}

function publishedPart(port: number): HotTemplate['resources'] {
  return {
    [`listener-${port}`]: {
      type: 'OS::Octavia::Listener',
      properties: { loadbalancer: { get_resource: 'load_balancer' }, protocol: 'TCP', protocol_port: port },
    },
    [`pool-${port}`]: {
      type: 'OS::Octavia::Pool',
      properties: { listener: { get_resource: `listener-${port}` }, protocol: 'TCP', lb_algorithm: 'ROUND_ROBIN' },
    },
    [`monitor-${port}`]: {
      type: 'OS::Octavia::HealthMonitor',
      properties: { pool: { get_resource: `pool-${port}` }, type: 'TCP', delay: 5, timeout: 5, max_retries: 5 },
    },
  };
}
