import type { Cloud } from '../cloud.js';
import { CloudError } from '../cloud-error.js';
import { type Call, param, type Route } from '../http/route.js';
import { requireAdmin } from './callers.js';
import type { Grant, Target } from './state.js';

/** Roles of users on projects and domains. */
export function grantRoutes(cloud: Cloud): Route[] {
  return (['project', 'domain'] as const).flatMap((kind) => grantRoutesOn(cloud, kind));
}

function grantRoutesOn(cloud: Cloud, kind: Target['kind']): Route[] {
  const { identity } = cloud;
  const list = `/v3/${kind}s/:target/users/:user/roles`;
  const item = `${list}/:role`;
  return [
    {
      method: 'GET',
      path: list,
      handle: (call, caller) => {
        requireAdmin(caller);
        const target = { kind, id: param(call, 'target') };
        return { status: 200, body: { roles: identity.grantedRoles(param(call, 'user'), target), links: {} } };
      },
    },
    {
      method: 'PUT',
      path: item,
      handle: (call, caller) => {
        requireAdmin(caller);
        identity.grant(grantOf(cloud, call, kind));
        return { status: 204 };
      },
    },
    {
      method: 'HEAD',
      path: item,
      handle: (call, caller) => {
        requireAdmin(caller);
        return { status: identity.hasGrant(grantOf(cloud, call, kind)) ? 204 : 404 };
      },
    },
    {
      method: 'DELETE',
      path: item,
      handle: (call, caller) => {
        requireAdmin(caller);
        const grant = grantOf(cloud, call, kind);
        if (identity.revoke(grant)) return { status: 204 };
        throw new CloudError(404, `Could not find role assignment with role: ${grant.roleId}, user: ${grant.userId}.`);
      },
    },
  ];
}

/** @throws CloudError 404 when any of the three is not there. */
function grantOf(cloud: Cloud, call: Call, kind: Target['kind']): Grant {
  const { identity } = cloud;
  const grant: Grant = {
    userId: param(call, 'user'),
    roleId: param(call, 'role'),
    target: { kind, id: param(call, 'target') },
  };
  const targets = kind === 'project' ? identity.projects : identity.domains;
  if (!targets.has(grant.target.id)) throw new CloudError(404, `Could not find ${kind}: ${grant.target.id}.`);
  if (!identity.users.has(grant.userId)) throw new CloudError(404, `Could not find user: ${grant.userId}.`);
  if (!identity.roles.has(grant.roleId)) throw new CloudError(404, `Could not find role: ${grant.roleId}.`);
  return grant;
}
