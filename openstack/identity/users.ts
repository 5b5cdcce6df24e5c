import { existed } from '../find.js';
import { path } from '../path.js';
import type { CallContext, Session } from '../session.js';

export interface User {
  id: string;
  name: string;
  domainId: string;
  enabled: boolean;
}

interface UserBody {
  id: string;
  name: string;
  domain_id: string;
  enabled: boolean;
}

export interface NewUser {
  domainId: string;
  name: string;
  password: string;
  description: string;
}

/** Names are unique in a domain, whatever their case. */
export async function findUserByName(
  session: Session,
  ctx: CallContext,
  input: { domainId: string; name: string },
): Promise<User | undefined> {
  const { body } = await session.request<{ users: UserBody[] }>(ctx, {
    service: 'identity',
    method: 'GET',
    path: '/users',
    query: { domain_id: input.domainId, name: input.name },
  });
  return body.users.map(readUser)[0];
}

/** @throws OpenStackError 409 when the name is taken. */
export async function createUser(session: Session, ctx: CallContext, input: NewUser): Promise<User> {
  const { body } = await session.request<{ user: UserBody }>(ctx, {
    service: 'identity',
    method: 'POST',
    path: '/users',
    body: {
      user: { domain_id: input.domainId, name: input.name, password: input.password, description: input.description },
    },
  });
  return readUser(body.user);
}

export async function setPassword(session: Session, ctx: CallContext, id: string, password: string): Promise<void> {
  await session.request(ctx, {
    service: 'identity',
    method: 'PATCH',
    path: path('users', id),
    body: { user: { password } },
  });
}

/** Whether there was such a user. */
export async function deleteUser(session: Session, ctx: CallContext, id: string): Promise<boolean> {
  return existed(session.request(ctx, { service: 'identity', method: 'DELETE', path: path('users', id) }));
}

function readUser(body: UserBody): User {
  return { id: body.id, name: body.name, domainId: body.domain_id, enabled: body.enabled };
}
