import { existed } from '../find.js';
import { path } from '../path.js';
import type { CallContext, Session } from '../session.js';
import type { RoleRef } from '../token.js';

export interface ProjectGrant {
  projectId: string;
  userId: string;
  roleId: string;
}

/** The roles that are no domain's own. */
export async function listRoles(session: Session, ctx: CallContext): Promise<RoleRef[]> {
  const { body } = await session.request<{ roles: RoleRef[] }>(ctx, {
    service: 'identity',
    method: 'GET',
    path: '/roles',
  });
  return body.roles.map(({ id, name }) => ({ id, name }));
}

/** Granting what is granted already is no error. */
export async function grantRole(session: Session, ctx: CallContext, grant: ProjectGrant): Promise<void> {
  await session.request(ctx, { service: 'identity', method: 'PUT', path: grantPath(grant) });
}

/** Whether there was such a grant. */
export async function revokeRole(session: Session, ctx: CallContext, grant: ProjectGrant): Promise<boolean> {
  return existed(session.request(ctx, { service: 'identity', method: 'DELETE', path: grantPath(grant) }));
}

/** The roles that the user was granted on the project itself; inherited ones and groups' not. */
export async function listGrants(
  session: Session,
  ctx: CallContext,
  input: Omit<ProjectGrant, 'roleId'>,
): Promise<RoleRef[]> {
  const { body } = await session.request<{ roles: RoleRef[] }>(ctx, {
    service: 'identity',
    method: 'GET',
    path: path('projects', input.projectId, 'users', input.userId, 'roles'),
  });
  return body.roles.map(({ id, name }) => ({ id, name }));
}

function grantPath(grant: ProjectGrant): string {
  return path('projects', grant.projectId, 'users', grant.userId, 'roles', grant.roleId);
}
