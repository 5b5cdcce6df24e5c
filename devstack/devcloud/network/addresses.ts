import ipaddr from 'ipaddr.js';
import type { Cloud } from '../cloud.js';
import { CloudError } from '../cloud-error.js';
import type { SubnetRecord } from './state.js';

export function addressNumber(address: string): number {
  return ipaddr.IPv4.parse(address).octets.reduce((sum, octet) => sum * 256 + octet, 0);
}

export function addressText(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}

export interface Range {
  first: number;
  last: number;
}

/** The usable addresses: neither the network's own nor the broadcast address. */
export function hostRange(cidr: string): Range {
  return {
    first: addressNumber(ipaddr.IPv4.networkAddressFromCIDR(cidr).toString()) + 1,
    last: addressNumber(ipaddr.IPv4.broadcastAddressFromCIDR(cidr).toString()) - 1,
  };
}

export function isCidr(text: unknown): text is string {
  return typeof text === 'string' && ipaddr.IPv4.isValidCIDRFourPartDecimal(text);
}

/** @throws CloudError 409 when the address is taken or none is left, 400 when it lies outside. */
export function takeAddress(cloud: Cloud, subnet: SubnetRecord, wanted: string | undefined): string {
  const used = usedAddresses(cloud, subnet.id);
  if (wanted !== undefined) {
    const { first, last } = hostRange(subnet.cidr);
    const value = ipaddr.IPv4.isValidFourPartDecimal(wanted) ? addressNumber(wanted) : -1;
    if (value < first || value > last) {
      throw new CloudError(
        400,
        `IP address ${wanted} is not a valid IP for the specified subnet.`,
        'InvalidIpForSubnet',
      );
    }
    if (used.has(wanted) || wanted === subnet.gateway_ip) {
      const reason = `IP address ${wanted} already allocated in subnet ${subnet.id}`;
      throw new CloudError(409, reason, 'IpAddressAlreadyAllocated');
    }
    used.add(wanted);
    return wanted;
  }
  for (const pool of subnet.allocation_pools) {
    const last = addressNumber(pool.end);
    for (let value = addressNumber(pool.start); value <= last; value++) {
      const address = addressText(value);
      if (used.has(address) || address === subnet.gateway_ip) continue;
      used.add(address);
      return address;
    }
  }
  throw new CloudError(
    409,
    `No more IP addresses available on network ${subnet.network_id}.`,
    'IpAddressGenerationFailure',
  );
}

export function giveAddressBack(cloud: Cloud, subnetId: string, address: string): void {
  cloud.network.addresses.get(subnetId)?.delete(address);
}

function usedAddresses(cloud: Cloud, subnetId: string): Set<string> {
  const used = cloud.network.addresses.get(subnetId) ?? new Set();
  cloud.network.addresses.set(subnetId, used);
  return used;
}
