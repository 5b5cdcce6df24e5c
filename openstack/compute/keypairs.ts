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

/** Whether there was such a keypair. */
export async function deleteKeypair(session: Session, ctx: CallContext, name: string): Promise<boolean> {
  return existed(session.request(ctx, { service: 'compute', method: 'DELETE', path: path('os-keypairs', name) }));
}

function readKeypair(body: KeypairBody): Keypair {
  const { name, public_key: publicKey, fingerprint } = body.keypair;
  return { name, publicKey, fingerprint };
}
