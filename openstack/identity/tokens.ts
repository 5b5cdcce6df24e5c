import { undefinedIfMissing } from '../find.js';
import type { CallContext, Session } from '../session.js';
import { readToken, type TokenInfo } from '../token.js';

/** Undefined: Keystone does not know the token, or no longer. The session needs the right to look at others' tokens. */
export async function validateToken(session: Session, ctx: CallContext, token: string): Promise<TokenInfo | undefined> {
  const answer = await undefinedIfMissing(
    session.request(ctx, {
      service: 'identity',
      method: 'GET',
      path: '/auth/tokens',
      headers: { 'X-Subject-Token': token },
    }),
  );
  return answer === undefined ? undefined : readToken(answer.body);
}
