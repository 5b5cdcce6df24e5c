import type { Cloud } from '../cloud.js';
import { CloudError, UNAUTHORIZED } from '../cloud-error.js';
import { type Call, param, type Reply, type Route } from '../http/route.js';
import { type Caller, forbidden } from './callers.js';
import type { AccessRule, ApplicationCredential } from './state.js';

interface CredentialInput {
  name?: string;
  roles?: { id?: string }[];
  /** Without a zone: UTC. */
  expires_at?: string;
  access_rules?: AccessRule[];
}

/** Made and deleted by the user for whom they stand, on the project of the token, with all of its roles or some. */
export function applicationCredentialRoutes(cloud: Cloud): Route[] {
  const list = '/v3/users/:user/application_credentials';
  return [
    { method: 'POST', path: list, handle: (call, caller) => create(cloud, call, caller) },
    {
      method: 'GET',
      path: list,
      handle: (call, caller) => {
        if (param(call, 'user') !== caller.userId) throw forbidden();
        const name = call.query.get('name');
        const found = [...cloud.identity.applicationCredentials.values()].filter(
          (each) => each.userId === caller.userId && (name === null || each.name === name),
        );
        return { status: 200, body: { application_credentials: found.map(view), links: {} } };
      },
    },
    {
      method: 'DELETE',
      path: `${list}/:id`,
      handle: (call, caller) => {
        requireOwner(call, caller);
        const id = param(call, 'id');
        if (cloud.identity.applicationCredentials.delete(id)) return { status: 204 };
        throw new CloudError(404, `Could not find Application Credential: ${id}.`);
      },
    },
  ];
}

function create(cloud: Cloud, call: Call, caller: Caller): Reply {
  requireOwner(call, caller);
  const input = (call.body.application_credential ?? {}) as CredentialInput;
  const { name = '', roles, expires_at: expiresAt, access_rules: accessRules } = input;
  const { projectId, userId } = caller;
  if (projectId === undefined) throw forbidden('identity:create_application_credential');
  if (
    [...cloud.identity.applicationCredentials.values()].some((each) => each.userId === userId && each.name === name)
  ) {
    throw new CloudError(409, 'Conflict occurred attempting to store application_credential - Duplicate entry.');
  }
  const held = cloud.identity.effectiveRoles(userId, { kind: 'project', id: projectId });
  const missing = roles?.find(({ id }) => !held.some((role) => role.id === id));
  if (missing !== undefined) throw new CloudError(404, `Could not find role: ${missing.id}.`);
  const credential: ApplicationCredential = {
    id: cloud.ids.uuid().replaceAll('-', ''),
    name,
    userId,
    projectId,
    secret: cloud.ids.secret(48),
    roleIds: roles?.map(({ id = '' }) => id),
    expiresAt: expiresAt === undefined ? undefined : Date.parse(`${expiresAt}Z`),
    accessRules,
  };
  cloud.identity.applicationCredentials.set(credential.id, credential);
  return { status: 201, body: { application_credential: { ...view(credential), secret: credential.secret } } };
}

function view({ id, name, projectId, expiresAt }: ApplicationCredential): Record<string, unknown> {
  const expires = expiresAt === undefined ? null : new Date(expiresAt).toISOString().replace('Z', '000');
  return { id, name, project_id: projectId, unrestricted: false, expires_at: expires, links: {} };
}

/** @throws CloudError 403 for another user, and for a token that was itself delegated. */
function requireOwner(call: Call, { userId, token }: Caller): void {
  const isDelegated = token.trustId !== undefined || token.applicationCredentialId !== undefined;
  if (isDelegated || param(call, 'user') !== userId) throw forbidden();
}

/** @throws CloudError 404 for one that is not there, 401 for a wrong secret. */
export function applicationCredentialFor(
  cloud: Cloud,
  { id = '', secret }: { id?: string; secret?: string },
): ApplicationCredential {
  const credential = cloud.identity.applicationCredentials.get(id);
  if (credential === undefined) throw new CloudError(404, `Could not find Application Credential: ${id}.`);
  if (credential.secret !== secret) throw new CloudError(401, UNAUTHORIZED);
  return credential;
}
