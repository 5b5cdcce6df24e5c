import type { Cloud } from '../cloud.js';
import { CloudError, UNAUTHORIZED } from '../cloud-error.js';
import type { Call, Reply, Route } from '../http/route.js';
import { applicationCredentialFor } from './application-credentials.js';
import { type Caller, callerOf, forbidden, rolesOf } from './callers.js';
import { catalog } from './catalog.js';
import type { Target, Token, User } from './state.js';
import { trustFor, trustView } from './trusts.js';

interface Reference {
  id?: string;
  name?: string;
  domain?: Reference;
}

interface AuthenticationBody {
  auth?: {
    identity?: {
      methods?: string[];
      password?: { user?: Reference & { password?: string } };
      token?: { id?: string };
      application_credential?: { id?: string; secret?: string };
    };
    scope?:
      | 'unscoped'
      | { project?: Reference; domain?: Reference; system?: { all?: boolean }; 'OS-TRUST:trust'?: { id?: string } };
  };
}

export function tokenRoutes(cloud: Cloud): Route[] {
  return [
    { method: 'POST', path: '/v3/auth/tokens', open: (call) => issue(cloud, call) },
    { method: 'GET', path: '/v3/auth/tokens', handle: (call, caller) => show(cloud, call, caller) },
    {
      method: 'HEAD',
      path: '/v3/auth/tokens',
      handle: (call, caller) => ({ ...show(cloud, call, caller), body: undefined }),
    },
    { method: 'DELETE', path: '/v3/auth/tokens', handle: (call, caller) => revoke(cloud, call, caller) },
    {
      method: 'GET',
      path: '/v3/auth/catalog',
      handle: (_, caller) => ({ status: 200, body: { catalog: catalog(cloud, caller) } }),
    },
  ];
}

function issue(cloud: Cloud, call: Call): Reply {
  const { auth } = call.body as AuthenticationBody;
  if (auth?.identity?.methods === undefined) throw new CloudError(400, "Invalid input for field 'identity'.");
  const token = makeToken(cloud, findSubject(cloud, auth.identity, auth.scope));
  const caller = callerOf(cloud, token);
  // Keystone does not tell a missing role from a wrong password.
  if (caller === undefined) throw new CloudError(401, UNAUTHORIZED);
  cloud.identity.tokens.set(token.value, token);
  return {
    status: 201,
    headers: { 'X-Subject-Token': token.value, Vary: 'X-Auth-Token' },
    body: { token: tokenBody(cloud, caller) },
  };
}

type IdentityBody = NonNullable<NonNullable<AuthenticationBody['auth']>['identity']>;

function identify(cloud: Cloud, identity: IdentityBody): User | undefined {
  const { users, tokens } = cloud.identity;
  if (identity.methods?.includes('token')) {
    const token = tokens.get(identity.token?.id ?? '');
    return token === undefined || callerOf(cloud, token) === undefined ? undefined : users.get(token.userId);
  }
  const given = identity.password?.user;
  if (given === undefined) return undefined;
  const domainId = findDomain(cloud, given.domain);
  const user = [...users.values()].find(({ id, name, domainId: home }) =>
    given.id === undefined ? name === given.name && home === domainId : id === given.id,
  );
  return user?.password === given.password ? user : undefined;
}

function findDomain(cloud: Cloud, reference: Reference | undefined): string | undefined {
  if (reference?.id !== undefined) return reference.id;
  return [...cloud.identity.domains.values()].find((domain) => domain.name === reference?.name)?.id;
}

type ScopeBody = NonNullable<AuthenticationBody['auth']>['scope'];

type Subject = Pick<Token, 'userId' | 'scope' | 'trustId' | 'applicationCredentialId'>;

/** The trustor and the trust's project, the application credential's, or the user with the scope that is asked for. */
function findSubject(cloud: Cloud, identity: IdentityBody, scope: ScopeBody): Subject {
  if (identity.methods?.includes('application_credential')) {
    const { id, userId, projectId } = applicationCredentialFor(cloud, identity.application_credential ?? {});
    return { userId, scope: { kind: 'project', id: projectId }, applicationCredentialId: id };
  }
  const user = identify(cloud, identity);
  if (user === undefined || !user.enabled) throw new CloudError(401, UNAUTHORIZED);
  const trustId = typeof scope === 'object' ? scope['OS-TRUST:trust']?.id : undefined;
  if (trustId === undefined) return { userId: user.id, scope: findScope(cloud, user, scope) };
  const { trustorUserId, projectId } = trustFor(cloud, user, trustId);
  return { userId: trustorUserId, scope: { kind: 'project', id: projectId }, trustId };
}

/** @throws CloudError 401 for a scope that does not exist. */
function findScope(cloud: Cloud, user: User, scope: ScopeBody): Target | undefined {
  if (scope === 'unscoped') return undefined;
  if (scope === undefined) {
    return user.defaultProjectId === undefined ? undefined : { kind: 'project', id: user.defaultProjectId };
  }
  const { projects, domains } = cloud.identity;
  if (scope.system?.all === true) return { kind: 'system', id: 'all' };
  if (scope.project !== undefined) {
    const wanted = scope.project;
    const domainId = findDomain(cloud, wanted.domain);
    const project = [...projects.values()].find(({ id, name, domainId: home }) =>
      wanted.id === undefined ? name === wanted.name && home === domainId : id === wanted.id,
    );
    if (project !== undefined) return { kind: 'project', id: project.id };
  }
  const domainId = scope.domain === undefined ? undefined : findDomain(cloud, scope.domain);
  if (domainId !== undefined && domains.has(domainId)) return { kind: 'domain', id: domainId };
  throw new CloudError(401, UNAUTHORIZED);
}

function makeToken(cloud: Cloud, subject: Subject): Token {
  const issuedAt = cloud.clock.now();
  for (const [value, token] of cloud.identity.tokens) {
    if (token.expiresAt > issuedAt) break; // made in order, so the oldest come first
    cloud.identity.tokens.delete(value);
  }
  return {
    value: `gAAAAA${cloud.ids.secret(96)}`,
    ...subject,
    issuedAt,
    expiresAt: issuedAt + cloud.settings.tokenLifetimeMs,
    auditId: cloud.ids.secret(16),
  };
}

/** @throws CloudError 404 for a token that does not hold, 403 for a foreign one. */
function subject(cloud: Cloud, call: Call, caller: Caller): Caller {
  const token = cloud.identity.tokens.get(call.headers['x-subject-token'] ?? '');
  const found = token === undefined ? undefined : callerOf(cloud, token);
  if (found === undefined) throw new CloudError(404, 'Could not find token.');
  const own = found.userId === caller.userId;
  if (!own && !caller.isAdmin && !caller.roles.has('service')) throw forbidden('identity:validate_token');
  return found;
}

function show(cloud: Cloud, call: Call, caller: Caller): Reply {
  const found = subject(cloud, call, caller);
  return {
    status: 200,
    headers: { 'X-Subject-Token': found.token.value, Vary: 'X-Auth-Token' },
    body: { token: tokenBody(cloud, found) },
  };
}

function revoke(cloud: Cloud, call: Call, caller: Caller): Reply {
  cloud.identity.tokens.delete(subject(cloud, call, caller).token.value);
  return { status: 204 };
}

function tokenBody(cloud: Cloud, caller: Caller): Record<string, unknown> {
  const { users, projects, domains } = cloud.identity;
  const { token } = caller;
  const named = (id: string) => ({ id, name: domains.get(id)?.name ?? '' });
  const user = users.get(token.userId);
  const project = projects.get(caller.projectId ?? '');
  const roles = token.scope === undefined ? undefined : rolesOf(cloud, token);
  return {
    methods: [token.applicationCredentialId === undefined ? 'password' : 'application_credential'],
    user: { id: token.userId, name: user?.name, domain: named(user?.domainId ?? ''), password_expires_at: null },
    audit_ids: [token.auditId],
    issued_at: keystoneTime(token.issuedAt),
    expires_at: keystoneTime(token.expiresAt),
    ...(project === undefined
      ? {}
      : { project: { id: project.id, name: project.name, domain: named(project.domainId) }, is_domain: false }),
    ...(caller.domainId === undefined ? {} : { domain: named(caller.domainId) }),
    ...(token.scope?.kind === 'system' ? { system: { all: true } } : {}),
    ...(token.trustId === undefined ? {} : { 'OS-TRUST:trust': trustView(cloud, token.trustId) }),
    ...(roles === undefined ? {} : { roles, catalog: catalog(cloud, caller) }),
  };
}

/** With microseconds, as Keystone writes it. */
function keystoneTime(at: number): string {
  return new Date(at).toISOString().replace('Z', '000Z');
}
