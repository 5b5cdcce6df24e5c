import { existed, undefinedIfMissing } from '../find.js';
import { path } from '../path.js';
import type { CallContext, Session } from '../session.js';

/** Keypairs belong to a user, not to a project: a session sees its own user's only. */
export interface Keypair {
  name: string;
  publicKey: string;
  fingerprint: string;
}

interface KeypairBody {
  keypair: { name: string; public_key: string; fingerprint: string };
}

export async function findKeypair(session: Session, ctx: CallContext, name: string): Promise<Keypair | undefined> {
  const answer = await undefinedIfMissing(
    session.request<KeypairBody>(ctx, { service: 'compute', method: 'GET', path: path('os-keypairs', name) }),
  );
  return answer === undefined ? undefined : readKeypair(answer.body);
}

/** @throws OpenStackError 409 when the name is taken. */
export async function importKeypair(
  session: Session,
  ctx: CallContext,
  input: { name: string; publicKey: string },
): Promise<Keypair> {
  const { body } = await session.request<KeypairBody>(ctx, {
    service: 'compute',
    method: 'POST',
    path: '/os-keypairs',
    body: { keypair: { name: input.name, public_key: input.publicKey } },
  });
  return readKeypair(body);
}

/** From Compute API 2.10 on an admin reaches other users' keypairs. */
const KEYPAIRS_OF_OTHERS = { 'OpenStack-API-Version': 'compute 2.10' };

/** Whether there was such a keypair. `userId`: of another user than the session's, for an admin. */
export async function deleteKeypair(
  session: Session,
  ctx: CallContext,
  name: string,
  userId?: string,
): Promise<boolean> {
  const whose = userId === undefined ? {} : { query: { user_id: userId }, headers: KEYPAIRS_OF_OTHERS };
  return existed(
    session.request(ctx, { service: 'compute', method: 'DELETE', path: path('os-keypairs', name), ...whose }),
  );
}

function readKeypair(body: KeypairBody): Keypair {
  const { name, public_key: publicKey, fingerprint } = body.keypair;
  return { name, publicKey, fingerprint };
}
