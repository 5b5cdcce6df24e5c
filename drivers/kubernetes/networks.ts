import ipaddr from 'ipaddr.js';

type Labels = Readonly<Record<string, string>>;

/** Upstream's defaults. */
const POD_NETWORK = '10.100.0.0/16';
const SERVICE_NETWORK = '10.254.0.0/16';
const DOMAIN = 'cluster.local';
/** By convention; every cluster of upstream's has its DNS there. */
const DNS_HOST = 10;

/** Where pods get their addresses from; each node has a /24 of it. Upstream has a label per network driver. */
export function podNetwork(labels: Labels): string {
  return labels.pods_network_cidr ?? labels.flannel_network_cidr ?? labels.calico_ipv4pool ?? POD_NETWORK;
}

export function serviceNetwork(labels: Labels): string {
  return labels.service_cluster_ip_range ?? SERVICE_NETWORK;
}

export function dnsDomain(labels: Labels): string {
  return labels.dns_cluster_domain ?? DOMAIN;
}

/** The API's own Service: the network's first address. */
export function apiServiceAddress(labels: Labels): string {
  return hostOf(serviceNetwork(labels), 1);
}

export function dnsAddress(labels: Labels): string {
  return hostOf(serviceNetwork(labels), DNS_HOST);
}

/** Whether the two networks have an address in common. */
export function overlap(a: string, b: string): boolean {
  const [[left, leftBits], [right, rightBits]] = [ipaddr.IPv4.parseCIDR(a), ipaddr.IPv4.parseCIDR(b)];
  return left.match([right, Math.min(leftBits, rightBits)]);
}

export function prefixLength(network: string): number {
  return ipaddr.IPv4.parseCIDR(network)[1];
}

/** @throws Error when `network` is none; labels were checked before. */
function hostOf(network: string, host: number): string {
  const octets = ipaddr.IPv4.networkAddressFromCIDR(network).octets;
  octets[3] = (octets[3] ?? 0) + host;
  return octets.join('.');
}
