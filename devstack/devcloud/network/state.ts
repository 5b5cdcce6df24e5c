/** Neutron's objects are kept as they are served, names and all. */
export interface NetworkRecord {
  id: string;
  name: string;
  project_id: string;
  status: 'ACTIVE';
  admin_state_up: boolean;
  shared: boolean;
  'router:external': boolean;
  subnets: string[];
  mtu: number;
}

export interface SubnetRecord {
  id: string;
  name: string;
  project_id: string;
  network_id: string;
  ip_version: 4;
  cidr: string;
  gateway_ip: string | null;
  enable_dhcp: boolean;
  dns_nameservers: string[];
  allocation_pools: { start: string; end: string }[];
}

export interface FixedIp {
  subnet_id: string;
  ip_address: string;
}

export interface PortRecord {
  id: string;
  name: string;
  project_id: string;
  network_id: string;
  status: 'ACTIVE' | 'DOWN';
  admin_state_up: boolean;
  mac_address: string;
  fixed_ips: FixedIp[];
  device_id: string;
  device_owner: string;
  security_groups: string[];
  allowed_address_pairs: unknown[];
}

export interface RouterRecord {
  id: string;
  name: string;
  project_id: string;
  status: 'ACTIVE';
  admin_state_up: boolean;
  external_gateway_info: { network_id: string; enable_snat: boolean } | null;
}

export interface SecurityGroupRule {
  id: string;
  direction: 'ingress' | 'egress';
  ethertype: string;
  protocol: string | null;
  port_range_min: number | null;
  port_range_max: number | null;
  remote_ip_prefix: string | null;
  remote_group_id: string | null;
}

export interface SecurityGroupRecord {
  id: string;
  name: string;
  project_id: string;
  description: string;
  security_group_rules: SecurityGroupRule[];
}

export interface FloatingIpRecord {
  id: string;
  project_id: string;
  status: 'ACTIVE' | 'DOWN';
  floating_network_id: string;
  floating_ip_address: string;
  fixed_ip_address: string | null;
  port_id: string | null;
  router_id: string | null;
  description: string;
}

export class NetworkState {
  readonly networks = new Map<string, NetworkRecord>();
  readonly subnets = new Map<string, SubnetRecord>();
  readonly ports = new Map<string, PortRecord>();
  readonly routers = new Map<string, RouterRecord>();
  readonly securityGroups = new Map<string, SecurityGroupRecord>();
  readonly floatingIps = new Map<string, FloatingIpRecord>();
  /** Addresses in use, by subnet. */
  readonly addresses = new Map<string, Set<string>>();
}
