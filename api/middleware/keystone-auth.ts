import { hash } from 'node:crypto';
import type { Middleware } from 'koa';
import { ServiceError } from '../../common/errors.js';
import { withContext } from '../../common/request-context.js';
import { isOpenStackError } from '../../openstack/errors.js';
import type { Api } from '../deps.js';
import { type Identity, identityOf } from '../identity.js';
import { LookupCache } from '../lookup-cache.js';
import { SignedTokens } from '../signed-tokens.js';
import type { ApiState } from './state.js';

/** Headers with which keystonemiddleware tells a WSGI application who asks: from outside they are forgeries. */
const IDENTITY_HEADER =
  /^x-(identity|user|project|tenant|domain|roles?|is-admin|system|service-(?!token)|trust|app-cred)/;

const MAX_CACHED_TOKENS = 2000;
const MAX_TOKEN_CHARACTERS = 32_768;
const KEYSTONE_TIMEOUT_MS = 10_000;

/** Asks Keystone who the token's owner is; knows it for a while. Public routes pass. */
export function keystoneAuth(api: Api): Middleware<ApiState> {
  const { keystoneAuthtoken } = api.config;
  const signed = signedTokens(api);
  const identities = new LookupCache<Identity | undefined>(api.clock, MAX_CACHED_TOKENS);
  const challenge = `Keystone uri="${keystoneAuthtoken.wwwAuthenticateUri ?? keystoneAuthtoken.authUrl ?? ''}"`;

  const lifetimeMs = (identity: Identity | undefined): number => {
    if (identity === undefined) return 0;
    return Math.min(identity.known.expiresAt - api.clock.now(), keystoneAuthtoken.tokenCacheTime * 1000);
  };
  const ask = async (requestId: string, token: string): Promise<Identity | undefined> => {
    if (signed?.isPlausible(token) === false) return undefined;
    return withContext({ requestId }, () => askKeystone(api, token));
  };
  const identify = (requestId: string, token: string): Promise<Identity | undefined> => {
    // Who is an admin is what the policy says.
    const key = `${api.policy.revision} ${hash('sha256', token, 'base64')}`;
    return identities.get(key, () => ask(requestId, token), lifetimeMs);
  };

  return async (ctx, next) => {
    if (ctx.state.match?.route.isPublic === true) return next();
    for (const name of Object.keys(ctx.req.headers)) if (IDENTITY_HEADER.test(name)) delete ctx.req.headers[name];
    const token = ctx.get('X-Auth-Token');
    const identity = isPlausible(token) ? await identify(ctx.state.requestId, token) : undefined;
    if (identity === undefined) {
      ctx.set('WWW-Authenticate', challenge);
      throw new ServiceError('unauthenticated', 'The request you have made requires authentication.');
    }
    ctx.state.identity = identity;
    await next();
  };
}

/** Where Keystone's public keys are at hand. */
function signedTokens(api: Api): SignedTokens | undefined {
  const folder = api.config.keystoneAuthtoken.jwsPublicKeyRepository;
  return folder === undefined ? undefined : new SignedTokens(api, folder);
}

function isPlausible(token: string): boolean {
  return token.length <= MAX_TOKEN_CHARACTERS && /^[\x21-\x7e]+$/.test(token);
}

/**
 * Shared by all who come with the same token, so no single request's end may end it.
 * @throws ServiceError `unavailable` whatever goes wrong, refused service credentials too: the caller did nothing wrong.
 */
async function askKeystone(api: Api, token: string): Promise<Identity | undefined> {
  try {
    const [known, trusteeDomainId] = await Promise.all([
      api.validateToken({ timeoutMs: KEYSTONE_TIMEOUT_MS }, token),
      api.findTrusteeDomain(),
    ]);
    if (known === undefined || known.expiresAt <= api.clock.now()) return undefined;
    return identityOf(token, known, trusteeDomainId, api.policy);
  } catch (cause) {
    if (!isOpenStackError(cause)) throw cause;
    throw new ServiceError('unavailable', 'Keystone does not answer as it should; try again', {
      code: 'keystone_unavailable',
      retryAfterSeconds: cause.retryAfterSeconds ?? 5,
      cause,
    });
  }
}
