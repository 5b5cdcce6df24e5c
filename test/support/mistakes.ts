import type { DevelopmentCloud } from '../../devstack/devcloud/devcloud.js';
import { createPort } from '../../devstack/devcloud/network/ports.js';
import type { Limits } from '../../devstack/devcloud/quotas.js';
import { seedId, seedUuid } from '../../devstack/devcloud/seed-id.js';

const DEMO = seedId('project demo');

interface Finding {
  field: string | null;
  code: string | null;
  message: string;
}

/** What can be wrong with an order of demo's, in the development cloud, and what is said of it. */
export interface Mistake {
  /** Prepares it; what it gives back puts things right again. */
  prepare?: (cloud: DevelopmentCloud) => () => void;
  /** Of the template; then it is the template that is tried out. */
  template?: Record<string, unknown>;
  cluster?: Record<string, unknown>;
  finds: Partial<Finding>;
  /** Of the same request without dry_run. */
  status: number;
}

const finding = (code: string | null, words: string, field: string | null = null): Partial<Finding> => ({
  field,
  code,
  message: expect.stringContaining(words),
});

export function quota(limits: Partial<Limits>) {
  return (cloud: DevelopmentCloud) => {
    cloud.quotas.order(DEMO, limits);
    return () => cloud.quotas.order(DEMO, Object.fromEntries(Object.keys(limits).map((name) => [name, -1])));
  };
}

function image(changes: Record<string, unknown>) {
  return (cloud: DevelopmentCloud) => {
    const found = cloud.state.images.get(seedUuid('image debian-12'));
    if (found === undefined) throw new Error('There is no such image');
    const before = { ...found };
    Object.assign(found, changes);
    return () => Object.assign(found, before);
  };
}

/** Of 253 addresses this many are left. */
function addressesLeft(left: number) {
  return (cloud: DevelopmentCloud) => {
    const used = cloud.state.network.ports;
    const before = new Set(used.keys());
    const place = {
      network_id: seedUuid('network private'),
      fixed_ips: [{ subnet_id: seedUuid('subnet private-subnet') }],
    };
    for (let count = 0; count < 253 - left; count++) createPort(cloud.state, DEMO, { name: `port-${count}`, ...place });
    return () => {
      for (const id of used.keys()) if (!before.has(id)) used.delete(id);
      cloud.state.network.addresses.delete(seedUuid('subnet private-subnet'));
    };
  };
}

/** The seed's network gets a second subnet. */
function secondSubnet(cloud: DevelopmentCloud) {
  const { networks, subnets } = cloud.state.network;
  const network = networks.get(seedUuid('network private'));
  const first = subnets.get(seedUuid('subnet private-subnet'));
  if (network === undefined || first === undefined) throw new Error('There is no such network');
  const id = seedUuid('subnet second');
  subnets.set(id, { ...first, id, name: 'second', cidr: '192.168.234.0/24' });
  network.subnets.push(id);
  return () => {
    network.subnets.pop();
    subnets.delete(id);
  };
}

const inPrivate = { fixed_network: 'private', fixed_subnet: 'private-subnet' };

export const MISTAKES: Record<string, Mistake> = {
  'an unknown image': {
    template: { image_id: 'no' },
    finds: finding('image_not_found', 'Image no', 'image_id'),
    status: 400,
  },
  'an image without os_distro': {
    template: { image_id: 'plain' },
    finds: finding('image_without_os_distro', 'plain', 'image_id'),
    status: 400,
  },
  'an image that is not active': {
    prepare: image({ status: 'deactivated' }),
    template: {},
    finds: finding('image_not_found', 'deactivated', 'image_id'),
    status: 400,
  },
  'an image that has become another distribution': {
    prepare: image({ os_distro: 'ubuntu' }),
    cluster: {},
    finds: finding(null, 'os_distro ubuntu now', 'image_id'),
    status: 400,
  },
  'an orchestrator that nobody serves': {
    template: { coe: 'dcos' },
    finds: finding('cluster_type_unsupported', 'no driver serves dcos', 'coe'),
    status: 400,
  },
  'an unknown flavor': {
    template: { flavor_id: 'no' },
    finds: finding('flavor_not_found', 'no', 'flavor_id'),
    status: 400,
  },
  'an unknown flavor of masters': {
    cluster: { master_flavor_id: 'no' },
    finds: finding('flavor_not_found', 'no', 'master_flavor_id'),
    status: 400,
  },
  'a flavor with too small a disk': {
    prepare: image({ min_disk: 30 }),
    cluster: { master_flavor_id: 'm1.large' },
    finds: finding('flavor_too_small', '20 GiB of disk, and the image needs 30', 'flavor_id'),
    status: 400,
  },
  'a flavor with too little RAM': {
    prepare: image({ min_ram: 1024 }),
    cluster: { master_flavor_id: 'm1.tiny' },
    finds: finding('flavor_too_small', '512 MiB of RAM, and the image needs 1024', 'master_flavor_id'),
    status: 400,
  },
  'an unknown keypair': {
    cluster: { keypair: 'no' },
    finds: finding('keypair_not_found', 'no', 'keypair'),
    status: 404,
  },
  'an unknown external network': {
    template: { external_network_id: 'no' },
    finds: finding('network_not_found', 'External network no', 'external_network_id'),
    status: 400,
  },
  'an external network that is none': {
    template: { external_network_id: 'private' },
    finds: finding('network_not_found', 'External network private', 'external_network_id'),
    status: 400,
  },
  'an unknown network': {
    cluster: { fixed_network: 'no' },
    finds: finding('network_not_found', 'Network no', 'fixed_network'),
    status: 400,
  },
  'an unknown subnet': {
    cluster: { ...inPrivate, fixed_subnet: 'no' },
    finds: finding('network_not_found', 'Subnet no', 'fixed_subnet'),
    status: 400,
  },
  'a subnet with too few addresses': {
    prepare: addressesLeft(2),
    cluster: inPrivate,
    finds: finding('address_exhausted', 'needs 3 addresses, 2 of 253 left', 'fixed_subnet'),
    status: 409,
  },
  'a network of its own that is too small': {
    cluster: { node_count: 20, labels: { fixed_subnet_cidr: '10.0.0.0/28' } },
    finds: finding(null, 'needs 21 addresses, and 10.0.0.0/28 has 12', 'labels.fixed_subnet_cidr'),
    status: 400,
  },
  'a network of several subnets': {
    prepare: secondSubnet,
    cluster: { fixed_network: 'private', floating_ip_enabled: false },
    finds: finding(null, 'has 2 subnets: name the one', 'fixed_subnet'),
    status: 400,
  },
  'a wrong value of a label': {
    cluster: { labels: { fixed_subnet_cidr: '10.0.0.0' } },
    finds: finding(null, 'is not an IPv4 network', 'labels.fixed_subnet_cidr'),
    status: 400,
  },
  'a number of masters without a majority': {
    cluster: { master_count: 2 },
    finds: finding(null, '1, 3 or 5', 'master_count'),
    status: 400,
  },
  'several masters without a load balancer': {
    cluster: { master_count: 3 },
    finds: finding(null, 'need master_lb_enabled', 'master_count'),
    status: 400,
  },
  'an unknown volume type': {
    cluster: { docker_volume_size: 10, labels: { docker_volume_type: 'no' } },
    finds: finding('volume_type_not_found', 'no volume type no', 'labels.docker_volume_type'),
    status: 400,
  },
  'an unknown availability zone': {
    cluster: { labels: { availability_zone: 'no' } },
    finds: finding('availability_zone_not_found', 'no availability zone no; it has nova', 'labels.availability_zone'),
    status: 400,
  },
  'too few cores': {
    prepare: quota({ cores: 2 }),
    cluster: {},
    finds: finding('quota_exceeded', 'needs 3 cores, 2 of 2 left'),
    status: 403,
  },
  'too little RAM': {
    prepare: quota({ ram: 4096 }),
    cluster: {},
    finds: finding('quota_exceeded', 'needs 6144 MiB of RAM, 4096 of 4096 left'),
    status: 403,
  },
  'too few servers': {
    prepare: quota({ instances: 2 }),
    cluster: {},
    finds: finding('quota_exceeded', 'needs 3 servers, 2 of 2 left'),
    status: 403,
  },
  'too few ports': {
    prepare: quota({ port: 3 }),
    cluster: {},
    finds: finding('quota_exceeded', 'needs 4 ports'),
    status: 403,
  },
  'too few floating IPs': {
    prepare: quota({ floatingip: 1 }),
    cluster: { floating_ip_enabled: true },
    finds: finding('quota_exceeded', 'needs 3 floating IPs, 1 of 1 left'),
    status: 403,
  },
  'no network left': {
    prepare: quota({ network: 1 }),
    cluster: {},
    finds: finding('quota_exceeded', 'needs 1 networks, 0 of 1 left'),
    status: 403,
  },
  'no subnet left': {
    prepare: quota({ subnet: 1 }),
    cluster: {},
    finds: finding('quota_exceeded', 'needs 1 subnets, 0 of 1 left'),
    status: 403,
  },
  'no router left': {
    prepare: quota({ router: 0 }),
    cluster: {},
    finds: finding('quota_exceeded', 'needs 1 routers, 0 of 0 left'),
    status: 403,
  },
  'no security group left': {
    prepare: quota({ security_group: 0 }),
    cluster: {},
    finds: finding('quota_exceeded', 'security groups, 0 of 0 left'),
    status: 403,
  },
  'too few rules of security groups': {
    prepare: quota({ security_group_rule: 12 }),
    cluster: {},
    finds: finding('quota_exceeded', 'needs 15 security group rules, 10 of 12 left'),
    status: 403,
  },
  'too few volumes': {
    prepare: quota({ volumes: 2 }),
    cluster: { docker_volume_size: 10 },
    finds: finding('quota_exceeded', 'needs 3 volumes, 2 of 2 left'),
    status: 403,
  },
  'too large a volume': {
    prepare: quota({ per_volume_gigabytes: 5 }),
    cluster: { docker_volume_size: 10 },
    finds: finding('quota_exceeded', 'needs 10 GiB in one volume, 5 of 5 left'),
    status: 403,
  },
  'too few gigabytes': {
    prepare: quota({ gigabytes: 20 }),
    cluster: { docker_volume_size: 10 },
    finds: finding('quota_exceeded', 'needs 30 GiB of volumes, 20 of 20 left'),
    status: 403,
  },
  'too few pools of load balancers': {
    prepare: quota({ pool: 0 }),
    cluster: { master_lb_enabled: true },
    finds: finding('quota_exceeded', 'load balancer pools, 0 of 0 left'),
    status: 403,
  },
  'no load balancer left': {
    prepare: quota({ load_balancer: 0 }),
    cluster: { master_lb_enabled: true },
    finds: finding('quota_exceeded', 'needs 1 load balancers, 0 of 0 left'),
    status: 403,
  },
};
