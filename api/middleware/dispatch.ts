import type { Context, Middleware } from 'koa';
import { ServiceError } from '../../common/errors.js';
import { withContext } from '../../common/request-context.js';
import { baseUrlOf } from '../base-url.js';
import type { Api } from '../deps.js';
import type { AnyRoute, ApiResponse } from '../route.js';
import type { Match } from '../router.js';
import type { ApiState } from './state.js';

/** Hands the request to its route and the route's answer to the client. */
export function dispatch(api: Api): Middleware<ApiState> {
  return async (ctx) => {
    const { match, mismatch } = ctx.state;
    if (match === undefined) throw mismatch;
    const response = await run(api, ctx.state, match, ctx);
    if (response.headers !== undefined) ctx.set(response.headers);
    ctx.status = response.status;
    ctx.body = response.body ?? null;
  };
}

async function run(api: Api, state: ApiState, { route, params }: Match<AnyRoute>, ctx: Context): Promise<ApiResponse> {
  const baseUrl = baseUrlOf(api.config, ctx);
  if (route.isPublic) return route.run(api, { baseUrl });
  const { identity, minor, requestId, signal } = state;
  if (identity === undefined) throw new ServiceError('internal', 'A request came here without an identity');
  if (minor < route.since) {
    throw new ServiceError('not_acceptable', `This needs version 1.${route.since}, and 1.${minor} was asked for.`);
  }
  const caller = { identity, minor, requestId, signal, baseUrl, params };
  const answer = () => route.run(api, caller, { message: ctx.req, search: ctx.search });
  // A GET answers from the database; what else there is calls the cloud and logs on its way, under the request's id.
  if (route.method === 'GET') return answer();
  const { projectId } = identity;
  return withContext({ requestId, ...(projectId === undefined ? {} : { projectId }) }, answer);
}
