import { createHash } from 'node:crypto';
import type { Cloud } from '../cloud.js';
import { CloudError } from '../cloud-error.js';
import { addressNumber, giveAddressBack, hostRange, takeAddress } from './addresses.js';
import { countOf } from './networks.js';
import { defaultSecurityGroup } from './security-groups.js';
import type { FixedIp, PortRecord, SubnetRecord } from './state.js';

export type NewPort = Pick<PortRecord, 'network_id'> &
  Partial<
    Pick<
      PortRecord,
      'name' | 'admin_state_up' | 'security_groups' | 'allowed_address_pairs' | 'device_id' | 'device_owner'
    >
  > & {
    fixed_ips?: Partial<FixedIp>[];
  };

/** @throws CloudError 404 for what is missing, 409 for an address or a quota. */
export function createPort(cloud: Cloud, projectId: string, input: NewPort): PortRecord {
  const network = cloud.network.networks.get(input.network_id);
  if (network === undefined)
    throw new CloudError(404, `Network ${input.network_id} could not be found.`, 'NetworkNotFound');
  cloud.quotas.checkNetworkQuota(projectId, 'port', countOf(cloud.network.ports, projectId));
  checkSecurityGroups(cloud, input.security_groups);
  const id = cloud.ids.uuid();
  const port: PortRecord = {
    id,
    name: input.name ?? '',
    project_id: projectId,
    network_id: network.id,
    status: 'DOWN',
    admin_state_up: input.admin_state_up ?? true,
    mac_address: `fa:16:3e:${createHash('sha256')
      .update(id)
      .digest('hex')
      .slice(0, 6)
      .replace(/(..)(?!$)/g, '$1:')}`,
    fixed_ips: takeFixedIps(cloud, network.subnets, input.fixed_ips),
    device_id: input.device_id ?? '',
    device_owner: input.device_owner ?? '',
    security_groups: input.security_groups ?? [defaultSecurityGroup(cloud, projectId).id],
    allowed_address_pairs: input.allowed_address_pairs ?? [],
  };
  cloud.network.ports.set(id, port);
  return port;
}

export type PortChange = Partial<
  Pick<NewPort, 'name' | 'security_groups' | 'allowed_address_pairs' | 'admin_state_up'>
>;

export function updatePort(cloud: Cloud, port: PortRecord, input: PortChange): void {
  checkSecurityGroups(cloud, input.security_groups);
  port.name = input.name ?? port.name;
  port.security_groups = input.security_groups ?? port.security_groups;
  port.allowed_address_pairs = input.allowed_address_pairs ?? port.allowed_address_pairs;
  port.admin_state_up = input.admin_state_up ?? port.admin_state_up;
}

/** Without the checks of a delete by request: Nova and routers take their own ports away. */
export function deletePort(cloud: Cloud, port: PortRecord): void {
  for (const ip of port.fixed_ips) giveAddressBack(cloud, ip.subnet_id, ip.ip_address);
  for (const floating of cloud.network.floatingIps.values()) {
    if (floating.port_id !== port.id) continue;
    floating.port_id = null;
    floating.fixed_ip_address = null;
    floating.router_id = null;
    floating.status = 'DOWN';
  }
  cloud.network.ports.delete(port.id);
}

/** @throws CloudError 409 for the port of a router. */
export function deletePortByRequest(cloud: Cloud, port: PortRecord): void {
  if (port.device_owner.startsWith('network:router')) {
    const reason = `has device owner ${port.device_owner}`;
    throw new CloudError(
      409,
      `Port ${port.id} cannot be deleted directly via the port API: ${reason}.`,
      'ServicePortInUse',
    );
  }
  deletePort(cloud, port);
}

function checkSecurityGroups(cloud: Cloud, ids: string[] | undefined): void {
  const missing = ids?.find((id) => !cloud.network.securityGroups.has(id));
  if (missing === undefined) return;
  throw new CloudError(404, `Security group ${missing} does not exist`, 'SecurityGroupNotFound');
}

function takeFixedIps(cloud: Cloud, subnetIds: string[], wanted: Partial<FixedIp>[] | undefined): FixedIp[] {
  const subnets = subnetIds.flatMap((id) => cloud.network.subnets.get(id) ?? []);
  const requests = wanted ?? (subnets[0] === undefined ? [] : [{ subnet_id: subnets[0].id }]);
  return requests.map(({ subnet_id: subnetId, ip_address: address }) => {
    const subnet = subnets.find((each) => (subnetId === undefined ? holds(each, address) : each.id === subnetId));
    if (subnet === undefined) {
      throw new CloudError(
        400,
        `IP address ${address} is not a valid IP for any of the subnets on the specified network.`,
        'InvalidIpForNetwork',
      );
    }
    return { subnet_id: subnet.id, ip_address: takeAddress(cloud, subnet, address) };
  });
}

function holds(subnet: SubnetRecord, address: string | undefined): boolean {
  if (address === undefined) return true;
  const { first, last } = hostRange(subnet.cidr);
  const value = addressNumber(address);
  return value >= first && value <= last;
}
