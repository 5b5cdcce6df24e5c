import { existed } from '../find.js';
import { path } from '../path.js';
import type { CallContext, Session } from '../session.js';

/** One kind of request that a restricted credential may be used for (Keystone, "Access Rules"). */
export interface AccessRule {
  /** The type under which the service's own `service_type` is set. */
  service: string;
  method: string;
  /** `*` is one part of it, `**` any number. */
  path: string;
}

export interface ApplicationCredential {
  id: string;
  secret: string;
}

/**
 * Of the session's own user, on the session's project; it must have logged in with a password. Never for making
 * further credentials or trusts.
 * @throws OpenStackError 409 when the user has one of this name, 403 for a session under a trust or another credential
 */
export async function createApplicationCredential(
  session: Session,
  ctx: CallContext,
  input: {
    name: string;
    description: string;
    roleIds: readonly string[];
    expiresAt: number;
    accessRules?: readonly AccessRule[] | undefined;
  },
): Promise<ApplicationCredential> {
  const { body } = await session.request<{ application_credential: ApplicationCredential }>(ctx, {
    service: 'identity',
    method: 'POST',
    path: await ownPath(session, ctx),
    body: {
      application_credential: {
        name: input.name,
        description: input.description,
        roles: input.roleIds.map((id) => ({ id })),
        // Keystone takes no more than microseconds, and no zone.
        expires_at: new Date(input.expiresAt).toISOString().replace('Z', ''),
        unrestricted: false,
        ...(input.accessRules === undefined ? {} : { access_rules: input.accessRules }),
      },
    },
  });
  const { id, secret } = body.application_credential;
  return { id, secret };
}

/** The session's user's own one of this name. */
export async function findApplicationCredential(
  session: Session,
  ctx: CallContext,
  name: string,
): Promise<{ id: string } | undefined> {
  const { body } = await session.request<{ application_credentials: { id: string; name: string }[] }>(ctx, {
    service: 'identity',
    method: 'GET',
    path: await ownPath(session, ctx),
    query: { name },
  });
  const found = body.application_credentials.find((each) => each.name === name);
  return found === undefined ? undefined : { id: found.id };
}

/** Whether there was such a one. What was logged in with it is logged out. */
export async function deleteApplicationCredential(session: Session, ctx: CallContext, id: string): Promise<boolean> {
  const own = await ownPath(session, ctx);
  return existed(session.request(ctx, { service: 'identity', method: 'DELETE', path: `${own}${path(id)}` }));
}

async function ownPath(session: Session, ctx: CallContext): Promise<string> {
  return path('users', (await session.identity(ctx)).userId, 'application_credentials');
}
