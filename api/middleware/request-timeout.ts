import type { Middleware } from 'koa';
import type { Clock } from '../../common/clock.js';
import { ServiceError } from '../../common/errors.js';
import { withDeadline } from '../deadline.js';
import type { ApiState } from './state.js';

/** A read has nothing to end, and making a signal would be a good part of its time. */
const NEVER_ENDED = new AbortController().signal;

/** Ends what the request waits for and answers 503 when it takes longer than `timeoutSeconds`. */
export function requestTimeout(deps: { clock: Clock }, timeoutSeconds: number): Middleware<ApiState> {
  return async (ctx, next) => {
    const controller = ctx.method === 'GET' ? undefined : new AbortController();
    ctx.state.signal = controller?.signal ?? NEVER_ENDED;
    await withDeadline(deps.clock, timeoutSeconds * 1000, next(), () => {
      const late = new ServiceError(
        'unavailable',
        `The request took longer than ${timeoutSeconds} s; see whether it took effect before you send it again.`,
        { code: 'request_timed_out' },
      );
      controller?.abort(late);
      return late;
    });
  };
}
