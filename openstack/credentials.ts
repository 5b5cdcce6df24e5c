import type { TokenInfo } from './token.js';

export type Scope =
  | 'unscoped'
  | { projectId: string }
  | { projectName: string; projectDomainName: string }
  | { projectName: string; projectDomainId: string }
  | { domainId: string }
  | { domainName: string }
  /** For the trustee: in the trustor's name, on the trust's project. */
  | { trustId: string };

export interface PasswordCredentials {
  kind: 'password';
  user: { id: string } | { name: string; domainId: string } | { name: string; domainName: string };
  password: string;
  scope: Scope;
}

/** Stands for its user on the project that it was made for. */
export interface ApplicationCredentials {
  kind: 'applicationCredential';
  id: string;
  secret: string;
}

/** With what a session logs in, and can again. */
export type LoginCredentials = PasswordCredentials | ApplicationCredentials;

/** A user's own token, never renewed. With what is `known` of it Keystone is not asked again. */
export interface TokenCredentials {
  kind: 'token';
  token: string;
  known?: TokenInfo | undefined;
}

export type Credentials = LoginCredentials | TokenCredentials;

/** The body of `POST /v3/auth/tokens` (Keystone v3). */
export function authentication(credentials: LoginCredentials): unknown {
  if (credentials.kind === 'password') return passwordAuthentication(credentials);
  const { id, secret } = credentials;
  const identity = { methods: ['application_credential'], application_credential: { id, secret } };
  return { auth: { identity } };
}

export function passwordAuthentication(credentials: PasswordCredentials): unknown {
  return {
    auth: {
      identity: {
        methods: ['password'],
        password: { user: { ...userReference(credentials.user), password: credentials.password } },
      },
      scope: scopeReference(credentials.scope),
    },
  };
}

function userReference(user: PasswordCredentials['user']): Record<string, unknown> {
  if ('id' in user) return { id: user.id };
  return { name: user.name, domain: 'domainId' in user ? { id: user.domainId } : { name: user.domainName } };
}

function scopeReference(scope: Scope): unknown {
  if (scope === 'unscoped') return 'unscoped';
  if ('projectId' in scope) return { project: { id: scope.projectId } };
  if ('projectName' in scope) {
    const domain = 'projectDomainId' in scope ? { id: scope.projectDomainId } : { name: scope.projectDomainName };
    return { project: { name: scope.projectName, domain } };
  }
  if ('trustId' in scope) return { 'OS-TRUST:trust': { id: scope.trustId } };
  return { domain: 'domainId' in scope ? { id: scope.domainId } : { name: scope.domainName } };
}
