import type { Cloud } from '../cloud.js';
import { CloudError, UNAUTHORIZED } from '../cloud-error.js';
import type { Role, Token } from './state.js';

/** Who sends a request, by a token that holds at this moment. */
export interface Caller {
  token: Token;
  userId: string;
  projectId: string | undefined;
  domainId: string | undefined;
  roles: Set<string>;
  /** The role `admin` on a project: every service trusts it with everything. On a domain it reaches no further. */
  isAdmin: boolean;
}

/** A caller whose token is scoped to a project. */
export interface ProjectCaller extends Caller {
  projectId: string;
}

/** A token is worth what its user may do now, not what they could when it was made. */
export function callerOf(cloud: Cloud, token: Token): Caller | undefined {
  const { identity } = cloud;
  const user = identity.users.get(token.userId);
  if (user === undefined || !user.enabled || token.expiresAt <= cloud.clock.now()) return undefined;
  if (token.applicationCredentialId !== undefined && !isGood(cloud, token.applicationCredentialId)) return undefined;
  const roles = rolesOf(cloud, token);
  if (token.scope !== undefined && roles.length === 0) return undefined;
  const names = new Set(roles.map((role) => role.name));
  return {
    token,
    userId: token.userId,
    projectId: token.scope?.kind === 'project' ? token.scope.id : undefined,
    domainId: token.scope?.kind === 'domain' ? token.scope.id : undefined,
    roles: names,
    isAdmin: token.scope?.kind === 'project' && names.has('admin'),
  };
}

export function rolesOf(cloud: Cloud, { scope, trustId, userId, applicationCredentialId }: Token): Role[] {
  if (trustId !== undefined) return cloud.identity.trustedRoles(trustId);
  if (scope === undefined) return [];
  const held = cloud.identity.effectiveRoles(userId, scope);
  const chosen = cloud.identity.applicationCredentials.get(applicationCredentialId ?? '')?.roleIds;
  if (chosen === undefined) return held;
  return cloud.identity.withImplied(held.filter(({ id }) => chosen.includes(id)));
}

/** A deleted one takes its tokens with it, an expired one too. */
function isGood({ identity, clock }: Cloud, credentialId: string): boolean {
  const credential = identity.applicationCredentials.get(credentialId);
  return credential !== undefined && (credential.expiresAt === undefined || clock.now() < credential.expiresAt);
}

/** @throws CloudError 401 */
export function authenticate(cloud: Cloud, tokenValue: string | undefined): Caller {
  const token = cloud.identity.tokens.get(tokenValue ?? '');
  const caller = token === undefined ? undefined : callerOf(cloud, token);
  if (caller === undefined) throw new CloudError(401, UNAUTHORIZED);
  return caller;
}

/** @throws CloudError 403 without a project in the token. */
export function projectReader(caller: Caller): ProjectCaller {
  const { projectId } = caller;
  if (projectId === undefined) throw forbidden();
  return { ...caller, projectId };
}

/** @throws CloudError 403 for those who may only read. */
export function projectMember(caller: Caller): ProjectCaller {
  if (!caller.roles.has('member')) throw forbidden();
  return projectReader(caller);
}

/** @throws CloudError 403 */
export function requireAdmin(caller: Caller): void {
  if (!caller.isAdmin) throw forbidden();
}

export function forbidden(action = 'this'): CloudError {
  return new CloudError(403, `You are not authorized to perform the requested action: ${action}.`, 'Forbidden');
}
