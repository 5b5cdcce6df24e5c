import type { Middleware } from 'koa';
import type { Clock } from '../../common/clock.js';
import { ServiceError } from '../../common/errors.js';
import { withDeadline } from '../deadline.js';
import type { ApiState } from './state.js';

/** Ends what the request waits for and answers 503 when it takes longer than `timeoutSeconds`. */
export function requestTimeout(deps: { clock: Clock }, timeoutSeconds: number): Middleware<ApiState> {
  return async (ctx, next) => {
    const controller = new AbortController();
    ctx.state.signal = controller.signal;
    await withDeadline(deps.clock, timeoutSeconds * 1000, next(), () => {
      const late = new ServiceError(
        'unavailable',
        `The request took longer than ${timeoutSeconds} s; see whether it took effect before you send it again.`,
        { code: 'request_timed_out' },
      );
      controller.abort(late);
      return late;
    });
  };
}
