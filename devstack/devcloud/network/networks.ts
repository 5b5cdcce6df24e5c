import type { Cloud } from '../cloud.js';
import { CloudError } from '../cloud-error.js';
import { addressText, hostRange, isCidr } from './addresses.js';
import type { NetworkRecord, SubnetRecord } from './state.js';

export type NewNetwork = Partial<Pick<NetworkRecord, 'name' | 'admin_state_up' | 'shared' | 'router:external' | 'mtu'>>;
export type NewSubnet = Pick<SubnetRecord, 'network_id' | 'cidr'> &
  Partial<Pick<SubnetRecord, 'name' | 'gateway_ip' | 'enable_dhcp' | 'dns_nameservers' | 'allocation_pools'>>;

export function createNetwork(
  cloud: Cloud,
  projectId: string,
  input: NewNetwork,
  id = cloud.ids.uuid(),
): NetworkRecord {
  const { networks } = cloud.network;
  cloud.quotas.checkNetworkQuota(projectId, 'network', countOf(networks, projectId));
  const network: NetworkRecord = {
    id,
    name: input.name ?? '',
    project_id: projectId,
    status: 'ACTIVE',
    admin_state_up: input.admin_state_up ?? true,
    shared: input.shared ?? false,
    'router:external': input['router:external'] ?? false,
    subnets: [],
    mtu: input.mtu ?? 1450,
  };
  networks.set(id, network);
  return network;
}

/** @throws CloudError 409 `NetworkInUse` */
export function deleteNetwork(cloud: Cloud, network: NetworkRecord): void {
  const { networks, subnets, ports } = cloud.network;
  if ([...ports.values()].some((port) => port.network_id === network.id)) {
    throw new CloudError(
      409,
      `Unable to complete operation on network ${network.id}. There are one or more ports still in use on the network.`,
      'NetworkInUse',
    );
  }
  for (const id of network.subnets) subnets.delete(id);
  networks.delete(network.id);
}

/** @throws CloudError 404 without the network, 400 for a bad or overlapping range. */
export function createSubnet(cloud: Cloud, projectId: string, input: NewSubnet, id = cloud.ids.uuid()): SubnetRecord {
  const { networks, subnets } = cloud.network;
  const network = networks.get(input.network_id);
  if (network === undefined)
    throw new CloudError(404, `Network ${input.network_id} could not be found.`, 'NetworkNotFound');
  if (!isCidr(input.cidr)) {
    throw new CloudError(
      400,
      `Invalid input for cidr. Reason: '${input.cidr}' is not a valid IP subnet.`,
      'HTTPBadRequest',
    );
  }
  cloud.quotas.checkNetworkQuota(projectId, 'subnet', countOf(subnets, projectId));
  const range = hostRange(input.cidr);
  for (const other of network.subnets.flatMap((subnetId) => subnets.get(subnetId) ?? [])) {
    const taken = hostRange(other.cidr);
    if (range.first <= taken.last && taken.first <= range.last) {
      const reason = `Requested subnet with cidr: ${input.cidr} for network: ${network.id} overlaps with another subnet.`;
      throw new CloudError(400, `Invalid input for operation: ${reason}`, 'InvalidInput');
    }
  }
  const gateway = input.gateway_ip === undefined ? addressText(range.first) : input.gateway_ip;
  const subnet: SubnetRecord = {
    id,
    name: input.name ?? '',
    project_id: projectId,
    network_id: network.id,
    ip_version: 4,
    cidr: input.cidr,
    gateway_ip: gateway,
    enable_dhcp: input.enable_dhcp ?? true,
    dns_nameservers: input.dns_nameservers ?? [],
    allocation_pools: input.allocation_pools ?? [
      {
        start: addressText(range.first + (gateway === addressText(range.first) ? 1 : 0)),
        end: addressText(range.last),
      },
    ],
  };
  subnets.set(id, subnet);
  network.subnets.push(id);
  return subnet;
}

/** @throws CloudError 409 `SubnetInUse` */
export function deleteSubnet(cloud: Cloud, subnet: SubnetRecord): void {
  const { networks, subnets, ports, addresses } = cloud.network;
  if ([...ports.values()].some((port) => port.fixed_ips.some((ip) => ip.subnet_id === subnet.id))) {
    const reason = 'One or more ports have an IP allocation from this subnet.';
    throw new CloudError(409, `Unable to complete operation on subnet ${subnet.id}: ${reason}`, 'SubnetInUse');
  }
  const network = networks.get(subnet.network_id);
  if (network !== undefined) network.subnets = network.subnets.filter((id) => id !== subnet.id);
  subnets.delete(subnet.id);
  addresses.delete(subnet.id);
}

export function countOf(items: Map<string, { project_id: string }>, projectId: string): number {
  let count = 0;
  for (const item of items.values()) if (item.project_id === projectId) count++;
  return count;
}
