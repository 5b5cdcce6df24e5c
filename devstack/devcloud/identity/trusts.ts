import type { Cloud } from '../cloud.js';
import { CloudError, UNAUTHORIZED } from '../cloud-error.js';
import { type Call, param, type Reply, type Route } from '../http/route.js';
import { type Caller, forbidden } from './callers.js';
import type { Trust, User } from './state.js';

interface TrustInput {
  trustor_user_id?: string;
  trustee_user_id?: string;
  project_id?: string;
  impersonation?: boolean;
  roles?: { id?: string }[];
  redelegation_count?: number;
}

/** OS-TRUST: only the trustor makes one; trustor, trustee and admins see it. */
export function trustRoutes(cloud: Cloud): Route[] {
  const { trusts } = cloud.identity;
  return [
    { method: 'POST', path: '/v3/OS-TRUST/trusts', handle: (call, caller) => create(cloud, call, caller) },
    { method: 'GET', path: '/v3/OS-TRUST/trusts', handle: (call, caller) => list(cloud, call, caller) },
    {
      method: 'GET',
      path: '/v3/OS-TRUST/trusts/:id',
      handle: (call, caller) => {
        const trust = existing(cloud, call);
        if (!isParty(trust, caller) && !caller.isAdmin) throw forbidden('identity:get_trust');
        return { status: 200, body: { trust: view(trust) } };
      },
    },
    {
      method: 'DELETE',
      path: '/v3/OS-TRUST/trusts/:id',
      handle: (call, caller) => {
        const trust = existing(cloud, call);
        refuseDelegated(caller);
        if (trust.trustorUserId !== caller.userId) throw forbidden('identity:delete_trust');
        trusts.delete(trust.id);
        return { status: 204 };
      },
    },
  ];
}

function create(cloud: Cloud, call: Call, caller: Caller): Reply {
  const input = (call.body.trust ?? {}) as TrustInput;
  const { identity } = cloud;
  if (input.trustor_user_id !== caller.userId) throw forbidden('identity:create_trust');
  refuseDelegated(caller);
  const redelegations = redelegationsFor(cloud, caller, input.redelegation_count);
  const { trustee_user_id: trusteeUserId = '', project_id: projectId = '', roles = [] } = input;
  if (roles.length === 0) throw forbidden('At least one role should be specified');
  if (!identity.users.has(trusteeUserId)) throw new CloudError(404, `Could not find user: ${trusteeUserId}.`);
  const held = new Set(identity.effectiveRoles(caller.userId, { kind: 'project', id: projectId }).map(({ id }) => id));
  for (const { id = '' } of roles) if (!held.has(id)) throw new CloudError(404, `Could not find role: ${id}.`);
  const trust: Trust = {
    id: cloud.ids.uuid().replaceAll('-', ''),
    trustorUserId: caller.userId,
    trusteeUserId,
    projectId,
    roleIds: roles.map(({ id = '' }) => id),
    redelegations,
  };
  identity.trusts.set(trust.id, trust);
  return { status: 201, body: { trust: view(trust) } };
}

/** A user's own trusts, from either side. */
function list(cloud: Cloud, call: Call, caller: Caller): Reply {
  const [trustor, trustee] = [call.query.get('trustor_user_id'), call.query.get('trustee_user_id')];
  if ((trustor ?? trustee) !== caller.userId && !caller.isAdmin) throw forbidden('identity:list_trusts');
  const found = [...cloud.identity.trusts.values()].filter((trust) =>
    trustor === null ? trustee === null || trust.trusteeUserId === trustee : trust.trustorUserId === trustor,
  );
  return { status: 200, body: { trusts: found.map(view), links: { next: null, self: '', previous: null } } };
}

/** @throws CloudError 404 */
function existing(cloud: Cloud, call: Call): Trust {
  const id = param(call, 'id');
  const trust = cloud.identity.trusts.get(id);
  if (trust === undefined) throw new CloudError(404, `Could not find trust: ${id}.`);
  return trust;
}

function isParty(trust: Trust, { userId }: Caller): boolean {
  return trust.trustorUserId === userId || trust.trusteeUserId === userId;
}

/** @throws CloudError 403 for the token of an application credential. */
function refuseDelegated({ token }: Caller): void {
  if (token.applicationCredentialId !== undefined) throw forbidden('Delegated tokens cannot manage trusts.');
}

/** How often the new trust may be passed on. @throws CloudError 403 for more than the caller's own trust leaves. */
function redelegationsFor(cloud: Cloud, { token }: Caller, wanted: number | undefined): number {
  const under = token.trustId === undefined ? undefined : cloud.identity.trusts.get(token.trustId);
  if (under === undefined) return wanted ?? 0;
  const left = under.redelegations - 1;
  if (left < 0 || (wanted ?? left) > left) throw forbidden();
  return wanted ?? left;
}

/** @throws CloudError 500 where Heat can't make its own trust under the caller's, or lost it with the stack's. */
export function requireHeatsTrust(cloud: Cloud, { token }: Caller, stack?: { trustId?: string | undefined }): void {
  const trustId = token.trustId ?? stack?.trustId;
  if (trustId === undefined) return;
  const { redelegations = 0 } = cloud.identity.trusts.get(trustId) ?? {};
  if (redelegations < 1) throw new CloudError(500, '', 'RemoteError');
}

/**
 * The trust that a trustee asks a token for.
 * @throws CloudError 401 for one that is not there; 403 for another's, one whose trustor is disabled or lacks a role.
 */
export function trustFor(cloud: Cloud, trustee: User, id: string): Trust {
  const trust = cloud.identity.trusts.get(id);
  if (trust === undefined) throw new CloudError(401, UNAUTHORIZED);
  const isEnabled = cloud.identity.users.get(trust.trustorUserId)?.enabled === true;
  if (trust.trusteeUserId !== trustee.id || !isEnabled || cloud.identity.trustedRoles(id).length === 0)
    throw forbidden();
  return trust;
}

export function trustView(cloud: Cloud, id: string): Record<string, unknown> {
  const trust = cloud.identity.trusts.get(id);
  return {
    id,
    impersonation: true,
    trustor_user: { id: trust?.trustorUserId },
    trustee_user: { id: trust?.trusteeUserId },
  };
}

function view(trust: Trust): Record<string, unknown> {
  return {
    id: trust.id,
    trustor_user_id: trust.trustorUserId,
    trustee_user_id: trust.trusteeUserId,
    project_id: trust.projectId,
    impersonation: true,
    redelegation_count: trust.redelegations,
    expires_at: null,
    deleted_at: null,
    remaining_uses: null,
    roles: trust.roleIds.map((id) => ({ id })),
    links: {},
  };
}
