export interface Domain {
  id: string;
  name: string;
}

export interface Project {
  id: string;
  name: string;
  domainId: string;
}

export interface User {
  id: string;
  name: string;
  domainId: string;
  description: string;
  password: string;
  enabled: boolean;
  defaultProjectId: string | undefined;
}

export interface Role {
  id: string;
  name: string;
}

/** What a role is granted on, and what a token is scoped to. The system as a whole goes by the id `all`. */
export type Target = { kind: 'project' | 'domain' | 'system'; id: string };

export interface Grant {
  userId: string;
  roleId: string;
  target: Target;
}

/** What a user lets another one do in the former's name, on one project. Impersonating, as Bayou makes it. */
export interface Trust {
  id: string;
  trustorUserId: string;
  trusteeUserId: string;
  projectId: string;
  roleIds: string[];
  /** How often it may be passed on. */
  redelegations: number;
}

/** With what its user may do on the project, or only these roles and requests of it. */
export interface ApplicationCredential {
  id: string;
  name: string;
  userId: string;
  projectId: string;
  secret: string;
  /** Undefined: those of the user at that moment. */
  roleIds?: string[] | undefined;
  /** Undefined: never. */
  expiresAt?: number | undefined;
  accessRules?: AccessRule[] | undefined;
}

export interface AccessRule {
  service: string;
  method: string;
  path: string;
}

export interface Token {
  value: string;
  userId: string;
  scope: Target | undefined;
  /** Scoped to this trust: `userId` is the trustor. */
  trustId?: string | undefined;
  /** Got with this application credential. */
  applicationCredentialId?: string | undefined;
  issuedAt: number;
  expiresAt: number;
  auditId: string;
}

/** Whoever has a key's role has its value's too. */
const IMPLIED_ROLES: Record<string, string[]> = { admin: ['member', 'reader'], member: ['reader'] };

export class IdentityState {
  readonly domains = new Map<string, Domain>();
  readonly projects = new Map<string, Project>();
  readonly users = new Map<string, User>();
  readonly roles = new Map<string, Role>();
  readonly grants = new Map<string, Grant>();
  readonly trusts = new Map<string, Trust>();
  readonly applicationCredentials = new Map<string, ApplicationCredential>();
  readonly tokens = new Map<string, Token>();

  grant(grant: Grant): void {
    this.grants.set(grantKey(grant), grant);
  }

  /** Whether there was such a grant. */
  revoke(grant: Grant): boolean {
    return this.grants.delete(grantKey(grant));
  }

  hasGrant(grant: Grant): boolean {
    return this.grants.has(grantKey(grant));
  }

  grantedRoles(userId: string, target: Target): Role[] {
    return [...this.roles.values()].filter((role) => this.hasGrant({ userId, target, roleId: role.id }));
  }

  /** With the implied ones, as in a token. */
  effectiveRoles(userId: string, target: Target): Role[] {
    return this.withImplied(this.grantedRoles(userId, target));
  }

  withImplied(roles: Role[]): Role[] {
    const names = new Set(roles.flatMap(({ name }) => [name, ...(IMPLIED_ROLES[name] ?? [])]));
    return [...this.roles.values()].filter((role) => names.has(role.name));
  }

  /** Of a token that is scoped to the trust; none once it is gone, or its trustor lacks any of its roles. */
  trustedRoles(id: string): Role[] {
    const trust = this.trusts.get(id);
    if (trust === undefined) return [];
    const held = this.effectiveRoles(trust.trustorUserId, { kind: 'project', id: trust.projectId });
    const trusted = this.withImplied([...this.roles.values()].filter((role) => trust.roleIds.includes(role.id)));
    return trusted.every((role) => held.includes(role)) ? trusted : [];
  }

  /** With the user's grants, tokens, application credentials and, from either side, trusts. */
  removeUser(userId: string): void {
    this.users.delete(userId);
    for (const [key, grant] of this.grants) if (grant.userId === userId) this.grants.delete(key);
    for (const [id, trust] of this.trusts) {
      if (trust.trustorUserId === userId || trust.trusteeUserId === userId) this.trusts.delete(id);
    }
    for (const [id, credential] of this.applicationCredentials) {
      if (credential.userId === userId) this.applicationCredentials.delete(id);
    }
    this.revokeTokens(userId);
  }

  revokeTokens(userId: string): void {
    for (const [value, token] of this.tokens) if (token.userId === userId) this.tokens.delete(value);
  }
}

function grantKey({ userId, roleId, target }: Grant): string {
  return `${target.kind} ${target.id} ${userId} ${roleId}`;
}
