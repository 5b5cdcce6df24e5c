import { randomBytes } from 'node:crypto';
import type { PasswordCredentials } from '../../openstack/credentials.js';
import { undefinedIfMissing } from '../../openstack/find.js';
import { grantRole, listRoles } from '../../openstack/identity/roles.js';
import { createUser, deleteUser } from '../../openstack/identity/users.js';
import { deleteStack, listStacks } from '../../openstack/orchestration/stacks.js';
import { path } from '../../openstack/path.js';
import type { Session } from '../../openstack/session.js';
import { until } from '../support/until.js';

/** A project of the suite's own with one user, so that whatever is in it later is the suite's. */
export interface Tenant {
  /** Of the project and of its user. */
  name: string;
  projectId: string;
  userId: string;
  credentials: PasswordCredentials;
  /** With the stacks that a test has left in it. */
  remove(): Promise<void>;
}

const ctx = {};
const REMOVE_LIMIT_MS = 120_000;
const ROLES = ['member', 'heat_stack_owner', 'load-balancer_member', 'creator'];

export async function createTenant(service: Session, purpose: string): Promise<Tenant> {
  const name = `bayou-${purpose}-${randomBytes(4).toString('hex')}`;
  const password = randomBytes(16).toString('hex');
  const { body } = await service.request<{ project: { id: string } }>(ctx, {
    service: 'identity',
    method: 'POST',
    path: '/projects',
    body: { project: { name, domain_id: 'default', description: 'Of a test run of Bayou; may be deleted' } },
  });
  const projectId = body.project.id;
  const user = await createUser(service, ctx, { domainId: 'default', name, password, description: '' });
  for (const role of await listRoles(service, ctx)) {
    if (ROLES.includes(role.name)) await grantRole(service, ctx, { projectId, userId: user.id, roleId: role.id });
  }
  return {
    name,
    projectId,
    userId: user.id,
    credentials: { kind: 'password', user: { id: user.id }, password, scope: { projectId } },
    async remove() {
      await removeStacks(service, projectId);
      await removeDefaultSecurityGroup(service, projectId);
      await deleteUser(service, ctx, user.id);
      await undefinedIfMissing(
        service.request(ctx, { service: 'identity', method: 'DELETE', path: path('projects', projectId) }),
      );
    },
  };
}

export async function removeStacks(service: Session, projectId: string): Promise<void> {
  const standing = async () => {
    const stacks = await listStacks(service, ctx, { tags: [], projectId });
    for (const stack of stacks) {
      const isUnderWay = stack.action === 'DELETE' && stack.status === 'IN_PROGRESS';
      if (!isUnderWay) await deleteStack(service, ctx, { ...stack, projectId });
    }
    return stacks.length;
  };
  await until(async () => (await standing()) === 0, { limitMs: REMOVE_LIMIT_MS, everyMs: 2000 });
}

/** Neutron makes one for each project that it hears of, and keeps it. */
async function removeDefaultSecurityGroup(service: Session, projectId: string): Promise<void> {
  const { body } = await service.request<{ security_groups: { id: string }[] }>(ctx, {
    service: 'network',
    method: 'GET',
    path: '/security-groups',
    query: { project_id: projectId, name: 'default' },
  });
  for (const { id } of body.security_groups) {
    await service.request(ctx, { service: 'network', method: 'DELETE', path: path('security-groups', id) });
  }
}
