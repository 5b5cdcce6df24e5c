import axios from 'axios';
import { systemClock } from '../../common/clock.js';
import { systemIds } from '../../common/ids.js';
import { type Credentials, type PasswordCredentials, passwordAuthentication } from '../../openstack/credentials.js';
import { Session } from '../../openstack/session.js';
import { readToken, withVersion } from '../../openstack/token.js';
import { createTransport } from '../../openstack/transport.js';
import type { CloudTarget } from './target.js';

/** A small cloud on a busy machine may need long for a call. */
export const CALL_TIMEOUT_MS = 60_000;

export type OpenSession = (credentials: Credentials) => Session;

export function sessionsOf({ authUrl, region, cafile }: CloudTarget): OpenSession {
  const transport = createTransport({ cafile });
  const deps = { transport, clock: systemClock, ids: systemIds, authUrl, region, timeoutMs: CALL_TIMEOUT_MS };
  return (credentials) => new Session({ ...deps, interface: 'public' }, credentials);
}

export function serviceCredentials({ serviceUser }: CloudTarget): PasswordCredentials {
  return {
    kind: 'password',
    user: { name: serviceUser.name, domainName: 'Default' },
    password: serviceUser.password,
    scope: { projectName: serviceUser.projectName, projectDomainName: 'Default' },
  };
}

export function domainAdminCredentials({ domainAdmin }: CloudTarget): PasswordCredentials {
  const { name, password, domainName } = domainAdmin;
  return { kind: 'password', user: { name, domainName }, password, scope: { domainName } };
}

/** A token as a client would bring it. */
export async function issueToken(target: CloudTarget, credentials: PasswordCredentials): Promise<string> {
  return (await logIn(target, credentials)).token;
}

/** The same with what Keystone says of the cloud. */
export async function logIn({ authUrl }: CloudTarget, credentials: PasswordCredentials) {
  const url = `${withVersion(authUrl, 'identity')}/auth/tokens`;
  const answer = await axios.post(url, passwordAuthentication(credentials), { timeout: CALL_TIMEOUT_MS });
  return { token: String(answer.headers['x-subject-token']), catalog: readToken(answer.data).catalog };
}
