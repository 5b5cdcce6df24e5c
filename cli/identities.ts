import type { Config } from '../common/config/schema.js';
import { ServiceError } from '../common/errors.js';
import { Accounts } from '../conductor/accounts.js';
import type { LoginCredentials, PasswordCredentials, Scope } from '../openstack/credentials.js';
import { Session, type SessionDeps } from '../openstack/session.js';
import type { TokenInfo } from '../openstack/token.js';
import type { Outside } from './outside.js';
import { endpointChoices } from './service-clients.js';

export type Identities = ReturnType<typeof createIdentities>;

/** The ways in which Bayou goes to OpenStack. Nobody has logged in yet. */
export function createIdentities(
  { transport, clock, ids, db, sealer }: Pick<Outside, 'transport' | 'clock' | 'ids' | 'db' | 'sealer'>,
  config: Config,
) {
  const session = sessionDeps({ transport, clock, ids }, config);
  const service = new Session(session, serviceUser(config));
  const domainAdmin = new Session(session, trusteeDomainAdmin(config));
  const trusteeDomain = { id: config.trust.trusteeDomainId, name: config.trust.trusteeDomainName };
  return {
    serviceSession: service,
    userSession: (token: string, known: TokenInfo) => new Session(session, { kind: 'token', token, known }),
    accounts: new Accounts({ db, sealer, session, service, domainAdmin, trusteeDomain }),
  };
}

/** @throws ServiceError `invalid` where no Keystone is configured. */
export function sessionDeps(outside: Pick<Outside, 'transport' | 'clock' | 'ids'>, config: Config): SessionDeps {
  const keystone = config.keystoneAuthtoken;
  if (keystone.authUrl === undefined) {
    throw new ServiceError(
      'invalid',
      '[keystone_authtoken] auth_url: name your Keystone, or run "bayou all" for the development cloud',
    );
  }
  return {
    ...outside,
    authUrl: keystone.authUrl,
    region: keystone.regionName,
    interface: keystone.interface,
    endpoints: endpointChoices(config),
    timeoutMs: config.conductor.callTimeoutSeconds * 1000,
  };
}

/** An application credential where there is one; else ids go before names, as with keystoneauth. */
export function serviceUser({ keystoneAuthtoken: keystone }: Config): LoginCredentials {
  const { applicationCredentialId: id, applicationCredentialSecret: secret } = keystone;
  if (id !== undefined) return { kind: 'applicationCredential', id, secret: secret ?? '' };
  return {
    kind: 'password',
    user:
      keystone.userId === undefined
        ? { name: keystone.username, ...domain(keystone.userDomainId, keystone.userDomainName) }
        : { id: keystone.userId },
    password: keystone.password ?? '',
    scope: projectScope(keystone),
  };
}

function projectScope(keystone: Config['keystoneAuthtoken']): Scope {
  const { projectId, projectName, projectDomainId, projectDomainName } = keystone;
  if (projectId !== undefined) return { projectId };
  return projectDomainId === undefined ? { projectName, projectDomainName } : { projectName, projectDomainId };
}

export function trusteeDomainAdmin({ trust }: Config): PasswordCredentials {
  const trustee = domain(trust.trusteeDomainId, trust.trusteeDomainName);
  const own = trust.trusteeDomainAdminDomainName;
  const home =
    trust.trusteeDomainAdminDomainId === undefined && own === undefined
      ? trustee
      : domain(trust.trusteeDomainAdminDomainId, own ?? '');
  return {
    kind: 'password',
    user:
      trust.trusteeDomainAdminId === undefined
        ? { name: trust.trusteeDomainAdminName, ...home }
        : { id: trust.trusteeDomainAdminId },
    password: trust.trusteeDomainAdminPassword ?? '',
    scope: trustee,
  };
}

function domain(id: string | undefined, name: string): { domainId: string } | { domainName: string } {
  return id === undefined ? { domainName: name } : { domainId: id };
}
