import { existed, undefinedIfMissing } from '../find.js';
import { path } from '../path.js';
import type { CallContext, Session } from '../session.js';

/** What a user (the trustor) lets another one (the trustee) do in the trustor's name. */
export interface Trust {
  id: string;
  trustorUserId: string;
  trusteeUserId: string;
  projectId: string | undefined;
}

interface TrustBody {
  id: string;
  trustor_user_id: string;
  trustee_user_id: string;
  project_id?: string | null;
}

export interface NewTrust {
  /** Must be the session's own user. */
  trustorUserId: string;
  trusteeUserId: string;
  projectId: string;
  /** The trustor must hold them on the project, granted or implied. */
  roleIds: readonly string[];
}

/**
 * Impersonating, without an end, and one that may be passed on once: Heat makes its own trust under it for every stack
 * and answers 500 where it can't. Keystone ends a trust with its trustor, with its trustee and, while the trustor lacks
 * one of the roles, refuses every login with it.
 * @throws OpenStackError 404 for a role that the trustor does not hold, 403 for a token of an application credential.
 */
export async function createTrust(session: Session, ctx: CallContext, input: NewTrust): Promise<Trust> {
  const { body } = await session.request<{ trust: TrustBody }>(ctx, {
    service: 'identity',
    method: 'POST',
    path: '/OS-TRUST/trusts',
    body: {
      trust: {
        trustor_user_id: input.trustorUserId,
        trustee_user_id: input.trusteeUserId,
        project_id: input.projectId,
        roles: input.roleIds.map((id) => ({ id })),
        impersonation: true,
        allow_redelegation: true,
        redelegation_count: 1,
      },
    },
  });
  return readTrust(body.trust);
}

/** Trustor and trustee see it, with whatever scope. */
export async function findTrust(session: Session, ctx: CallContext, id: string): Promise<Trust | undefined> {
  const answer = await undefinedIfMissing(
    session.request<{ trust: TrustBody }>(ctx, {
      service: 'identity',
      method: 'GET',
      path: path('OS-TRUST', 'trusts', id),
    }),
  );
  return answer === undefined ? undefined : readTrust(answer.body.trust);
}

/** Whether there was such a trust. For the trustor, or the trustee with a token scoped to it. */
export async function deleteTrust(session: Session, ctx: CallContext, id: string): Promise<boolean> {
  return existed(session.request(ctx, { service: 'identity', method: 'DELETE', path: path('OS-TRUST', 'trusts', id) }));
}

function readTrust(body: TrustBody): Trust {
  return {
    id: body.id,
    trustorUserId: body.trustor_user_id,
    trusteeUserId: body.trustee_user_id,
    projectId: body.project_id ?? undefined,
  };
}
