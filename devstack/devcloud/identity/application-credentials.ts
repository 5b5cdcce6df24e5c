import type { Cloud } from '../cloud.js';
import { CloudError, UNAUTHORIZED } from '../cloud-error.js';
import { type Call, param, type Reply, type Route } from '../http/route.js';
import { type Caller, forbidden } from './callers.js';
import type { ApplicationCredential } from './state.js';

/** Made and deleted by the user for whom they stand, on the project of the token, with all of its roles. */
export function applicationCredentialRoutes(cloud: Cloud): Route[] {
  const list = '/v3/users/:user/application_credentials';
  return [
    { method: 'POST', path: list, handle: (call, caller) => create(cloud, call, caller) },
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
  const { name = '' } = (call.body.application_credential ?? {}) as { name?: string };
  const { projectId } = caller;
  if (projectId === undefined) throw forbidden('identity:create_application_credential');
  const credential: ApplicationCredential = {
    id: cloud.ids.uuid().replaceAll('-', ''),
    name,
    userId: caller.userId,
    projectId,
    secret: cloud.ids.secret(48),
  };
  cloud.identity.applicationCredentials.set(credential.id, credential);
  const { id, secret } = credential;
  const shown = { id, name, secret, project_id: projectId, unrestricted: false, expires_at: null, links: {} };
  return { status: 201, body: { application_credential: shown } };
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
