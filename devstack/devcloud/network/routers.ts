import type { Cloud } from '../cloud.js';
import { CloudError } from '../cloud-error.js';
import { countOf } from './networks.js';
import { createPort, deletePort } from './ports.js';
import type { PortRecord, RouterRecord, SubnetRecord } from './state.js';

export interface NewRouter {
  name?: string;
  admin_state_up?: boolean;
  external_gateway_info?: { network_id: string; enable_snat?: boolean } | null;
}

export function createRouter(cloud: Cloud, projectId: string, input: NewRouter): RouterRecord {
  const { routers } = cloud.network;
  cloud.quotas.checkNetworkQuota(projectId, 'router', countOf(routers, projectId));
  const router: RouterRecord = {
    id: cloud.ids.uuid(),
    name: input.name ?? '',
    project_id: projectId,
    status: 'ACTIVE',
    admin_state_up: input.admin_state_up ?? true,
    external_gateway_info: gateway(cloud, input.external_gateway_info),
  };
  routers.set(router.id, router);
  return router;
}

export function updateRouter(cloud: Cloud, router: RouterRecord, input: NewRouter): void {
  router.name = input.name ?? router.name;
  router.admin_state_up = input.admin_state_up ?? router.admin_state_up;
  if (input.external_gateway_info !== undefined)
    router.external_gateway_info = gateway(cloud, input.external_gateway_info);
}

/** @throws CloudError 404 without the network, 400 when it is not an external one. */
function gateway(cloud: Cloud, info: NewRouter['external_gateway_info']): RouterRecord['external_gateway_info'] {
  if (info === undefined || info === null) return null;
  const network = cloud.network.networks.get(info.network_id);
  if (network === undefined)
    throw new CloudError(404, `Network ${info.network_id} could not be found.`, 'NetworkNotFound');
  if (!network['router:external']) {
    throw new CloudError(400, `Bad router request: Network ${network.id} is not an external network.`, 'BadRequest');
  }
  return { network_id: network.id, enable_snat: info.enable_snat ?? true };
}

/** @throws CloudError 409 `RouterInUse` */
export function deleteRouter(cloud: Cloud, router: RouterRecord): void {
  if (interfaces(cloud, router.id).length > 0) {
    throw new CloudError(409, `Router ${router.id} still has ports`, 'RouterInUse');
  }
  cloud.network.routers.delete(router.id);
}

/** @throws CloudError 400 when the subnet has no gateway or is connected already. */
export function addInterface(cloud: Cloud, router: RouterRecord, subnet: SubnetRecord): PortRecord {
  if (subnet.gateway_ip === null) {
    throw new CloudError(400, 'Bad router request: Subnet for router interface must have a gateway IP.', 'BadRequest');
  }
  if (interfaceTo(cloud, router.id, subnet.id) !== undefined) {
    const message = `Bad router request: Router already has a port on subnet ${subnet.id}.`;
    throw new CloudError(400, message, 'BadRequest');
  }
  const port = createPort(cloud, router.project_id, {
    network_id: subnet.network_id,
    fixed_ips: [],
    security_groups: [],
    device_id: router.id,
    device_owner: 'network:router_interface',
  });
  port.fixed_ips = [{ subnet_id: subnet.id, ip_address: subnet.gateway_ip }];
  port.status = 'ACTIVE';
  return port;
}

/** @throws CloudError 404 without that interface, 409 while floating IPs go through it. */
export function removeInterface(cloud: Cloud, routerId: string, subnetId: string): PortRecord {
  const port = interfaceTo(cloud, routerId, subnetId);
  if (port === undefined) {
    const message = `Router ${routerId} has no interface on subnet ${subnetId}`;
    throw new CloudError(404, message, 'RouterInterfaceNotFoundForSubnet');
  }
  const { floatingIps, ports } = cloud.network;
  const inUse = [...floatingIps.values()].some(
    (floating) =>
      floating.router_id === routerId &&
      ports.get(floating.port_id ?? '')?.fixed_ips.some((ip) => ip.subnet_id === subnetId) === true,
  );
  if (inUse) {
    throw new CloudError(
      409,
      `Router interface for subnet ${subnetId} on router ${routerId} cannot be deleted, as it is required by one or more floating IPs.`,
      'RouterInterfaceInUseByFloatingIP',
    );
  }
  deletePort(cloud, port);
  return port;
}

export function interfaceTo(cloud: Cloud, routerId: string, subnetId: string): PortRecord | undefined {
  return interfaces(cloud, routerId).find((port) => port.fixed_ips.some((ip) => ip.subnet_id === subnetId));
}

function interfaces(cloud: Cloud, routerId: string): PortRecord[] {
  return [...cloud.network.ports.values()].filter(
    (port) => port.device_id === routerId && port.device_owner === 'network:router_interface',
  );
}
