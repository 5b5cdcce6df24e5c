import type { Middleware } from 'koa';
import type { Ids } from '../../common/ids.js';
import type { ApiState } from './state.js';

const REQUEST_ID = /^req-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Every answer carries a fresh id; a well-formed one that came in is kept beside it, as oslo does. */
export function requestId(deps: { ids: Ids }): Middleware<ApiState> {
  return async (ctx, next) => {
    const id = `req-${deps.ids.uuid()}`;
    ctx.state.requestId = id;
    const inbound = ctx.get('X-Openstack-Request-Id');
    if (REQUEST_ID.test(inbound)) ctx.state.globalRequestId = inbound;
    ctx.set('x-openstack-request-id', id);
    await next();
  };
}
