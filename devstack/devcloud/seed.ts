import type { Cloud } from './cloud.js';
import { fingerprintOf } from './compute/keypairs.js';
import type { Target } from './identity/state.js';
import { createNetwork, createSubnet } from './network/networks.js';
import { seedId, seedUuid } from './seed-id.js';

/** Password of every seeded user. */
export const SEED_PASSWORD = 'secret';

const DOMAINS = ['Default', 'magnum', 'heat'];
const PROJECTS = ['admin', 'demo', 'alt', 'service'];
const ROLES = ['admin', 'member', 'reader', 'heat_stack_owner', 'load-balancer_member', 'ResellerAdmin'];

interface SeedUser {
  name: string;
  domain: string;
  /** On which project or, for `domain:`, domain; and which roles. `system` is the whole cloud. */
  on: string;
  roles: string[];
}

const USERS: SeedUser[] = [
  { name: 'admin', domain: 'Default', on: 'system', roles: ['admin'] },
  { name: 'admin', domain: 'Default', on: 'admin', roles: ['admin'] },
  { name: 'demo', domain: 'Default', on: 'demo', roles: ['member', 'heat_stack_owner', 'load-balancer_member'] },
  { name: 'alt_demo', domain: 'Default', on: 'alt', roles: ['member', 'heat_stack_owner', 'load-balancer_member'] },
  { name: 'reader', domain: 'Default', on: 'demo', roles: ['reader'] },
  { name: 'magnum', domain: 'Default', on: 'service', roles: ['admin'] },
  { name: 'magnum_domain_admin', domain: 'magnum', on: 'domain:magnum', roles: ['admin'] },
];

const FLAVORS = [
  { id: '1', name: 'm1.tiny', vcpus: 1, ramMib: 512, diskGib: 1 },
  { id: '2', name: 'm1.small', vcpus: 1, ramMib: 2048, diskGib: 20 },
  { id: '3', name: 'm1.medium', vcpus: 2, ramMib: 4096, diskGib: 40 },
  { id: '4', name: 'm1.large', vcpus: 4, ramMib: 8192, diskGib: 80 },
];

const IMAGES = [
  { name: 'debian-12', properties: { os_distro: 'debian', os_version: '12' } },
  { name: 'ubuntu-22.04', properties: { os_distro: 'ubuntu', os_version: '22.04' } },
  { name: 'flatcar', properties: { os_distro: 'flatcar', os_version: '4230' } },
  { name: 'fedora-coreos', properties: { os_distro: 'fedora-coreos', os_version: '42' } },
  { name: 'plain', properties: {} },
];

const DEMO_PUBLIC_KEY =
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPPZZcMGzQxPjmIVJGYNDDL9r6sPM6JaW9a9PZR2/Lg demo@development-cloud';

/** A newcomer's cloud: ids are derived from names, so they outlive a restart. */
export function plantSeed(cloud: Cloud): void {
  plantIdentity(cloud);
  for (const flavor of FLAVORS) cloud.compute.flavors.set(flavor.id, flavor);
  for (const { name, properties } of IMAGES) plantImage(cloud, name, properties);
  plantNetworks(cloud);
  cloud.compute.addKeypair({
    userId: seedId('user demo'),
    name: 'demo',
    publicKey: DEMO_PUBLIC_KEY,
    fingerprint: fingerprintOf(DEMO_PUBLIC_KEY) ?? '',
  });
}

/** Keystone's first domain is called `default` by id, too. */
function domainId(name: string): string {
  return name === 'Default' ? 'default' : seedId(`domain ${name}`);
}

function plantIdentity({ identity }: Cloud): void {
  for (const name of DOMAINS) identity.domains.set(domainId(name), { id: domainId(name), name });
  for (const name of PROJECTS) {
    const id = seedId(`project ${name}`);
    identity.projects.set(id, { id, name, domainId: 'default' });
  }
  for (const name of ROLES) identity.roles.set(seedId(`role ${name}`), { id: seedId(`role ${name}`), name });
  for (const { name, domain, on, roles } of USERS) {
    const userId = seedId(`user ${name}`);
    const target = targetOf(on);
    identity.users.set(userId, {
      id: userId,
      name,
      domainId: domainId(domain),
      description: '',
      password: SEED_PASSWORD,
      enabled: true,
      defaultProjectId: target.kind === 'project' ? target.id : undefined,
    });
    for (const role of roles) identity.grant({ userId, roleId: seedId(`role ${role}`), target });
  }
}

function targetOf(on: string): Target {
  if (on === 'system') return { kind: 'system', id: 'all' };
  if (on.startsWith('domain:')) return { kind: 'domain', id: domainId(on.slice('domain:'.length)) };
  return { kind: 'project', id: seedId(`project ${on}`) };
}

function plantImage(cloud: Cloud, name: string, properties: Record<string, string>): void {
  const id = seedUuid(`image ${name}`);
  cloud.images.set(id, {
    id,
    name,
    status: 'active',
    visibility: 'public',
    min_disk: 0,
    min_ram: 0,
    disk_format: 'qcow2',
    container_format: 'bare',
    size: 300_000_000,
    protected: false,
    owner: seedId('project admin'),
    tags: [],
    created_at: '2026-01-01T00:00:00Z',
    updated_at: '2026-01-01T00:00:00Z',
    file: `/v2/images/${id}/file`,
    self: `/v2/images/${id}`,
    schema: '/v2/schemas/image',
    ...properties,
  });
}

function plantNetworks(cloud: Cloud): void {
  const [admin, demo] = [seedId('project admin'), seedId('project demo')];
  const external = createNetwork(cloud, admin, { name: 'public', 'router:external': true }, seedUuid('network public'));
  createSubnet(
    cloud,
    admin,
    { network_id: external.id, name: 'public-subnet', cidr: cloud.settings.publicCidr, enable_dhcp: false },
    seedUuid('subnet public-subnet'),
  );
  const own = createNetwork(cloud, demo, { name: 'private' }, seedUuid('network private'));
  createSubnet(
    cloud,
    demo,
    { network_id: own.id, name: 'private-subnet', cidr: '192.168.233.0/24', dns_nameservers: ['9.9.9.9'] },
    seedUuid('subnet private-subnet'),
  );
}
