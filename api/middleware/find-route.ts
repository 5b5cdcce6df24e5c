import type { Middleware } from 'koa';
import type { AnyRoute } from '../route.js';
import type { Router } from '../router.js';
import type { ApiState } from './state.js';

/** Only says where the request would go: who does not come with a token learns nothing of paths. */
export function findRoute(router: Router<AnyRoute>): Middleware<ApiState> {
  return async (ctx, next) => {
    try {
      ctx.state.match = router.find(ctx.method, ctx.path);
    } catch (error) {
      ctx.state.mismatch = error;
    }
    await next();
  };
}
