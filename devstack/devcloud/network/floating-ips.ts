import type { Cloud } from '../cloud.js';
import { CloudError } from '../cloud-error.js';
import { giveAddressBack, takeAddress } from './addresses.js';
import { countOf } from './networks.js';
import { interfaceTo } from './routers.js';
import type { FloatingIpRecord, RouterRecord } from './state.js';

export interface NewFloatingIp {
  floating_network_id: string;
  port_id?: string | null;
  fixed_ip_address?: string;
  floating_ip_address?: string;
  description?: string;
}

/** @throws CloudError 404 or 400 for the network, 409 when its addresses are used up. */
export function createFloatingIp(cloud: Cloud, projectId: string, input: NewFloatingIp): FloatingIpRecord {
  const { networks, subnets, floatingIps } = cloud.network;
  const network = networks.get(input.floating_network_id);
  if (network === undefined) {
    throw new CloudError(404, `Network ${input.floating_network_id} could not be found.`, 'NetworkNotFound');
  }
  const subnet = subnets.get(network.subnets[0] ?? '');
  if (!network['router:external'] || subnet === undefined) {
    const message = `Bad floatingip request: Network ${network.id} is not a valid external network.`;
    throw new CloudError(400, message, 'BadRequest');
  }
  cloud.quotas.checkNetworkQuota(projectId, 'floatingip', countOf(floatingIps, projectId));
  const router = typeof input.port_id === 'string' ? routerFor(cloud, network.id, input.port_id) : undefined;
  const floating: FloatingIpRecord = {
    id: cloud.ids.uuid(),
    project_id: projectId,
    status: 'DOWN',
    floating_network_id: network.id,
    floating_ip_address: takeAddress(cloud, subnet, input.floating_ip_address),
    fixed_ip_address: null,
    port_id: null,
    router_id: null,
    description: input.description ?? '',
  };
  floatingIps.set(floating.id, floating);
  if (typeof input.port_id === 'string') point(cloud, floating, input.port_id, router);
  return floating;
}

/** @throws CloudError 404 when no router leads from the port to the network. */
export function associate(cloud: Cloud, floating: FloatingIpRecord, portId: string | null): void {
  if (portId !== null) {
    point(cloud, floating, portId, routerFor(cloud, floating.floating_network_id, portId));
    return;
  }
  floating.port_id = null;
  floating.fixed_ip_address = null;
  floating.router_id = null;
  floating.status = 'DOWN';
}

export function deleteFloatingIp(cloud: Cloud, floating: FloatingIpRecord): void {
  const network = cloud.network.networks.get(floating.floating_network_id);
  for (const subnetId of network?.subnets ?? []) giveAddressBack(cloud, subnetId, floating.floating_ip_address);
  cloud.network.floatingIps.delete(floating.id);
}

function point(cloud: Cloud, floating: FloatingIpRecord, portId: string, router: RouterRecord | undefined): void {
  floating.port_id = portId;
  floating.fixed_ip_address = cloud.network.ports.get(portId)?.fixed_ips[0]?.ip_address ?? null;
  floating.router_id = router?.id ?? null;
  floating.status = 'ACTIVE';
}

function routerFor(cloud: Cloud, networkId: string, portId: string): RouterRecord {
  const port = cloud.network.ports.get(portId);
  if (port === undefined) throw new CloudError(404, `Port ${portId} could not be found.`, 'PortNotFound');
  const subnetId = port.fixed_ips[0]?.subnet_id ?? '';
  const router = [...cloud.network.routers.values()].find(
    (each) =>
      each.external_gateway_info?.network_id === networkId && interfaceTo(cloud, each.id, subnetId) !== undefined,
  );
  if (router !== undefined) return router;
  throw new CloudError(
    404,
    `External network ${networkId} is not reachable from subnet ${subnetId}.  Therefore, cannot associate Port ${portId} with a Floating IP.`,
    'ExternalGatewayForFloatingIPNotFound',
  );
}
