import ipaddr from 'ipaddr.js';

type Labels = Readonly<Record<string, string>>;

/** Upstream's defaults. */
const POD_NETWORK = '10.100.0.0/16';
const SERVICE_NETWORK = '10.254.0.0/16';
const DOMAIN = 'cluster.local';
/** By convention; every cluster of upstream's has its DNS there. */
const DNS_HOST = 10;

/** A node's share of the pods' network. */
const NODE_BITS = 24;

/** Upstream has one per network driver. */
export const POD_NETWORK_LABELS = ['pods_network_cidr', 'flannel_network_cidr', 'calico_ipv4pool'] as const;

/** Where pods get their addresses from. */
export function podNetwork(labels: Labels): string {
  return POD_NETWORK_LABELS.map((label) => labels[label]).find((network) => network !== undefined) ?? POD_NETWORK;
}

/** The length of the prefix of a node's share of it. */
export function nodeNetworkBits(labels: Labels): number {
  return Number(labels.flannel_network_subnetlen ?? NODE_BITS);
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
