import { everything, type Scope } from '../common/db/scope.js';
import { ServiceError } from '../common/errors.js';
import type { TokenInfo } from '../openstack/token.js';
import type { Policy } from './policy.js';
import type { PolicyCredentials, PolicyTarget } from './policy-language.js';
import { isForProjects, type PolicyRule } from './policy-rules.js';

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
  /** The same in the words of the policy. */
  credentials: PolicyCredentials;
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
  const credentials = credentialsOf(known, projectId);
  const isAdmin = policy.isAdmin(credentials);
  const who = { userId, userName, userDomainId, projectId, domainId, system, roles, isAdmin, credentials };
  return { ...who, trusteeDomainId, token, known };
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
  if (policy.enforcesScope && isForProjects(rule) && isOfOtherScope(identity)) return false;
  return policy.allows(rule, targetOf(identity, object), identity.credentials);
}

/** @throws ServiceError `forbidden` that names the rule. */
export function enforce(policy: Policy, identity: Identity, rule: PolicyRule, object?: Owned): void {
  if (isAllowed(policy, identity, rule, object)) return;
  throw new ServiceError('forbidden', `Policy doesn't allow ${rule} to be performed.`, { code: 'policy_refused' });
}

/** An unscoped token counts as a project's, as in oslo.policy: those of clusters' accounts are. */
function isOfOtherScope({ system, domainId }: Identity): boolean {
  return system || domainId !== undefined;
}

/**
 * Any plain field of the object by upstream's name; `project_id` and `user_id` are its owner's. Where the caller is the
 * target, the account of a cluster is that of its own: which one it came for is looked at once that is known.
 */
function targetOf(identity: Identity, object: Owned | undefined): PolicyTarget {
  const { known } = identity.credentials;
  const isAccount = identity.userDomainId === identity.trusteeDomainId;
  const itself: Partial<Record<string, string | undefined>> = {
    project_id: known.project_id,
    user_id: known.user_id,
    trustee_user_id: isAccount ? known.user_id : undefined,
  };
  return (field) => {
    if (field === 'trustee_domain_id') return identity.trusteeDomainId;
    if (object === undefined) return itself[field];
    if (field === 'trustee_user_id') return object.accountUserId;
    const name = field.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
    return Object.hasOwn(object, name) ? pythonText(object[name as keyof Owned]) : undefined;
  };
}

/** As Python's `str` has it, with which oslo.policy compares. */
function pythonText(value: unknown): string | undefined {
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

/**
 * Roles that are held on a domain are none on its projects: upstream would take the admin of a customer's domain for
 * the cloud's. As in Magnum, `domain_id` is the domain of the user.
 */
function credentialsOf(known: TokenInfo, projectId: string | undefined): PolicyCredentials {
  return {
    roles: known.domainId === undefined ? known.roles.map(({ name }) => name) : [],
    known: {
      user_id: known.userId,
      user_name: known.userName,
      user_domain_id: known.userDomainId,
      domain_id: known.userDomainId,
      ...(projectId === undefined ? {} : { project_id: projectId }),
      ...(known.projectName === undefined ? {} : { project_name: known.projectName }),
      ...(known.projectDomainId === undefined ? {} : { project_domain_id: known.projectDomainId }),
      ...(known.system ? { system_scope: 'all' } : {}),
    },
  };
}
