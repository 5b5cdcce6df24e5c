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

/** What a role is granted on, and what a token is scoped to. */
export type Target = { kind: 'project' | 'domain'; id: string };

export interface Grant {
  userId: string;
  roleId: string;
  target: Target;
}

export interface Token {
  value: string;
  userId: string;
  scope: Target | undefined;
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
    const names = new Set(
      this.grantedRoles(userId, target).flatMap(({ name }) => [name, ...(IMPLIED_ROLES[name] ?? [])]),
    );
    return [...this.roles.values()].filter((role) => names.has(role.name));
  }

  /** With the user's grants and tokens. */
  removeUser(userId: string): void {
    this.users.delete(userId);
    for (const [key, grant] of this.grants) if (grant.userId === userId) this.grants.delete(key);
    this.revokeTokens(userId);
  }

  revokeTokens(userId: string): void {
    for (const [value, token] of this.tokens) if (token.userId === userId) this.tokens.delete(value);
  }
}

function grantKey({ userId, roleId, target }: Grant): string {
  return `${target.kind} ${target.id} ${userId} ${roleId}`;
}
