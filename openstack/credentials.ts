import type { TokenInfo } from './token.js';

export type Scope =
  | 'unscoped'
  | { projectId: string }
  | { projectName: string; projectDomainName: string }
  | { projectName: string; projectDomainId: string }
  | { domainId: string }
  | { domainName: string };

export interface PasswordCredentials {
  kind: 'password';
  user: { id: string } | { name: string; domainId: string } | { name: string; domainName: string };
  password: string;
  scope: Scope;
}

/** A user's own token, never renewed. With what is `known` of it Keystone is not asked again. */
export interface TokenCredentials {
  kind: 'token';
  token: string;
  known?: TokenInfo | undefined;
}

export type Credentials = PasswordCredentials | TokenCredentials;

/** The body of `POST /v3/auth/tokens` (Keystone v3, password method). */
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
  return { domain: 'domainId' in scope ? { id: scope.domainId } : { name: scope.domainName } };
}
