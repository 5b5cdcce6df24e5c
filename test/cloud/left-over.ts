import { findDomainByName } from '../../openstack/identity/domains.js';
import { deleteUser } from '../../openstack/identity/users.js';
import { listStacks } from '../../openstack/orchestration/stacks.js';
import { path } from '../../openstack/path.js';
import type { Session, SessionRequest } from '../../openstack/session.js';
import type { Tenant } from './tenant.js';

const ctx = {};
/** From Compute API 2.10 on an admin may look at another user's keypairs. */
const KEYPAIRS_OF_OTHERS = { 'OpenStack-API-Version': 'compute 2.10' };

interface Item {
  id?: string;
  name?: string;
  floating_ip_address?: string;
}

/** Neutron's collections: of each, what belongs to the project. */
const NETWORK_THINGS = ['networks', 'subnets', 'routers', 'ports', 'floatingips', 'security-groups'];

/**
 * All that stands in a tenant's project, by kind; nothing is an empty object. `known`: accounts of clusters that
 * there were, which may have left keypairs, which belong to users and outlive them, and users of their registries.
 */
export async function leftOver(
  service: Session,
  { projectId, userId }: Tenant,
  accountDomain: string,
  known: Account[],
): Promise<Record<string, string[]>> {
  const list = async (key: string, request: Omit<SessionRequest, 'method'>): Promise<string[]> => {
    const { body } = await service.request<Record<string, Item[]>>(ctx, { method: 'GET', ...request });
    return (body[key] ?? []).map(nameOf).filter((name) => name !== 'default');
  };
  const found: Record<string, string[]> = {
    stacks: (await listStacks(service, ctx, { tags: [], projectId })).map(({ name }) => name),
    servers: await list('servers', {
      service: 'compute',
      path: '/servers',
      query: { all_tenants: 1, project_id: projectId },
    }),
    users: (await accountsOf(service, projectId, accountDomain, known)).map(({ name }) => name),
    grants: await foreignGrants(service, projectId, userId),
    keypairs: (await Promise.all([userId, ...known.map(({ id }) => id)].map((id) => keypairsOf(service, id)))).flat(),
  };
  for (const thing of NETWORK_THINGS) {
    const request = { service: 'network', path: `/${thing}`, query: { project_id: projectId } } as const;
    found[thing] = await list(thing.replace('-', '_'), request);
  }
  return Object.fromEntries(Object.entries(found).filter(([, names]) => names.length > 0));
}

function nameOf({ name, floating_ip_address: address, id }: Item): string {
  return name ?? address ?? id ?? '';
}

export interface Account {
  id: string;
  name: string;
}

/** Accounts of clusters are named `<cluster>_<project>`, users of the registries of known ones `registry-…-<cluster>`. */
export async function accountsOf(
  service: Session,
  projectId: string,
  accountDomain: string,
  known: Account[],
): Promise<Account[]> {
  const domain = await findDomainByName(service, ctx, accountDomain);
  const { body } = await service.request<{ users: Account[] }>(ctx, {
    service: 'identity',
    method: 'GET',
    path: '/users',
    query: { domain_id: domain?.id },
  });
  const endings = [`_${projectId}`, ...known.map(({ name }) => `-${name.split('_')[0]}`)];
  return body.users.filter(({ name }) => endings.some((ending) => name.endsWith(ending)));
}

async function foreignGrants(service: Session, projectId: string, userId: string): Promise<string[]> {
  const { body } = await service.request<{ role_assignments: { user?: { id: string } }[] }>(ctx, {
    service: 'identity',
    method: 'GET',
    path: '/role_assignments',
    query: { 'scope.project.id': projectId },
  });
  return body.role_assignments.flatMap(({ user }) => (user === undefined || user.id === userId ? [] : [user.id]));
}

/** For a run that failed: the accounts of the project with their keypairs. */
export async function removeAccounts(
  service: Session,
  { projectId }: Tenant,
  accountDomain: string,
  known: Account[],
): Promise<void> {
  for (const { id } of await accountsOf(service, projectId, accountDomain, known)) {
    for (const name of await keypairsOf(service, id)) {
      await service.request(ctx, {
        service: 'compute',
        method: 'DELETE',
        path: path('os-keypairs', name),
        query: { user_id: id },
        headers: KEYPAIRS_OF_OTHERS,
      });
    }
    await deleteUser(service, ctx, id);
  }
}

async function keypairsOf(service: Session, userId: string): Promise<string[]> {
  const { body } = await service.request<{ keypairs: { keypair: { name: string } }[] }>(ctx, {
    service: 'compute',
    method: 'GET',
    path: '/os-keypairs',
    query: { user_id: userId },
    headers: KEYPAIRS_OF_OTHERS,
  });
  return body.keypairs.map(({ keypair }) => keypair.name);
}
