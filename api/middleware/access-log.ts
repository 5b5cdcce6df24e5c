import type { Middleware } from 'koa';
import type { Clock } from '../../common/clock.js';
import type { Log } from '../../common/log.js';
import type { Metrics } from '../../common/metrics.js';
import type { ApiState } from './state.js';

interface AccessLogDeps {
  clock: Clock;
  log: Log;
  metrics?: Pick<Metrics, 'apiRequestSeconds'> | undefined;
}

/** One line and one sample for every answer. The path's pattern, for names and ids make no metric. */
export function accessLog(deps: AccessLogDeps): Middleware<ApiState> {
  return async (ctx, next) => {
    const startedAt = deps.clock.now();
    await next();
    const durationMs = deps.clock.now() - startedAt;
    const { match, identity, requestId, globalRequestId } = ctx.state;
    const route = match?.route.path ?? (ctx.status < 400 ? ctx.path : 'none');
    const { method, status } = ctx;
    deps.metrics?.apiRequestSeconds.observe({ route, method: knownMethod(method), status }, durationMs / 1000);
    const who = { requestId, userId: identity?.userId, projectId: identity?.projectId, globalRequestId };
    deps.log.info({ method, path: ctx.path, status, durationMs, ...who }, 'Request answered');
  };
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

function knownMethod(method: string): string {
  return METHODS.has(method) ? method : 'other';
}
