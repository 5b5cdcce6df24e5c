import { everything, type Scope } from '../common/db/scope.js';
import { ServiceError } from '../common/errors.js';
import type { TokenInfo } from '../openstack/token.js';
import type { Policy, PolicyCredentials, PolicyTarget } from './policy.js';
import type { PolicyRule } from './policy-rules.js';

/** Who asks, as Keystone says; nothing of it comes from the request's other headers. */
export interface Identity {
  userId: string;
  userName: string;
  userDomainId: string;
  projectId: string | undefined;
  domainId: string | undefined;
  system: boolean;
  roles: { id: string; name: string }[];
  isAdmin: boolean;
  /** The domain of the clusters' own accounts. */
  trusteeDomainId: string | undefined;
  /** For look-ups in the user's own name. Never logged. */
  token: string;
  known: TokenInfo;
}

/** What a policy rule sees of a cluster, a template or anything else that somebody owns. */
export interface Owned {
  projectId: string;
  userId?: string | undefined;
  accountUserId?: string | undefined;
}

export function identityOf(
  token: string,
  known: TokenInfo,
  trusteeDomainId: string | undefined,
  policy: Policy,
): Identity {
  const { userId, userName, userDomainId, domainId, system, roles } = known;
  const projectId = known.projectId ?? projectOfAccount(known, trusteeDomainId);
  const identity = {
    userId,
    userName,
    userDomainId,
    projectId,
    domainId,
    system,
    roles,
    trusteeDomainId,
    token,
    known,
  };
  return { ...identity, isAdmin: policy.isAdmin(credentialsOf(identity)) };
}

/** A cluster's account is named `<cluster uuid>_<project id>`; nodes come with its unscoped token. */
function projectOfAccount(known: TokenInfo, trusteeDomainId: string | undefined): string | undefined {
  if (trusteeDomainId === undefined || known.userDomainId !== trusteeDomainId) return undefined;
  const underscore = known.userName.indexOf('_');
  return underscore < 0 ? undefined : known.userName.slice(underscore + 1) || undefined;
}

/** Own project; own rows without one. */
export function ownScope(identity: Identity): Scope {
  if (identity.projectId !== undefined) return { kind: 'project', projectId: identity.projectId };
  return { kind: 'user', userId: identity.userId };
}

/** All projects for an admin whom `allProjectsRule` lets see them. */
export function scopeOf(policy: Policy, identity: Identity, allProjectsRule: PolicyRule | undefined): Scope {
  if (allProjectsRule !== undefined && identity.isAdmin && isAllowed(policy, identity, allProjectsRule))
    return everything;
  return ownScope(identity);
}

/** Without an object the caller is the target, as upstream. */
export function isAllowed(policy: Policy, identity: Identity, rule: PolicyRule, object?: Owned): boolean {
  const target: PolicyTarget = {
    project_id: object === undefined ? identity.projectId : object.projectId,
    user_id: object === undefined ? identity.userId : object.userId,
    trustee_user_id: object?.accountUserId,
    trustee_domain_id: identity.trusteeDomainId,
  };
  return policy.allows(rule, target, credentialsOf(identity));
}

/** @throws ServiceError `forbidden` that names the rule. */
export function enforce(policy: Policy, identity: Identity, rule: PolicyRule, object?: Owned): void {
  if (isAllowed(policy, identity, rule, object)) return;
  throw new ServiceError('forbidden', `Policy doesn't allow ${rule} to be performed.`, { code: 'policy_refused' });
}

function credentialsOf(identity: Pick<Identity, 'userId' | 'projectId' | 'userDomainId' | 'roles'>): PolicyCredentials {
  return {
    user_id: identity.userId,
    project_id: identity.projectId,
    domain_id: identity.userDomainId,
    roles: identity.roles.map(({ name }) => name),
  };
}
