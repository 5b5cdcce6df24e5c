import type { Context, Middleware } from 'koa';
import { ServiceError } from '../../common/errors.js';
import {
  CURRENT_HEADER,
  MIN_MINOR,
  MITAKA_HEADER,
  type Minor,
  maxMinor,
  negotiate,
  versionHeaders,
} from '../microversion.js';
import type { ApiState } from './state.js';

/** Agrees on a version for everything under /v1 and says so in the answer's headers. */
export function microversion(highest: Minor): Middleware<ApiState> {
  return async (ctx, next) => {
    if (ctx.state.match?.route.path.startsWith('/v1') === false) return next();
    const negotiation = negotiate(header(ctx, CURRENT_HEADER), header(ctx, MITAKA_HEADER), highest);
    const { outcome } = negotiation;
    if (outcome.kind === 'malformed') throw new ServiceError('not_acceptable', outcome.problem);
    const asked = outcome.kind === 'accepted' ? `1.${outcome.minor}` : outcome.asked;
    ctx.set(versionHeaders(negotiation, asked, highest));
    if (outcome.kind === 'unsupported') {
      refuse(ctx, outcome.asked, maxMinor(negotiation.generation, highest));
      return;
    }
    ctx.state.minor = outcome.minor;
    await next();
  };
}

function header(ctx: Context, name: string): string | undefined {
  return ctx.get(name) === '' ? undefined : ctx.get(name);
}

/** An element of its own, as Magnum 15 was seen to answer: without `status` and `detail`. */
function refuse(ctx: Context, asked: string, max: Minor): void {
  const code = 'magnum.microversion-unsupported';
  const title = `Version ${asked} was requested but the supported range is 1.${MIN_MINOR} to 1.${max}`;
  const help = 'https://docs.openstack.org/api-guide/compute/microversions.html';
  ctx.status = 406;
  ctx.body = {
    errors: [
      { code, title, min_version: `1.${MIN_MINOR}`, max_version: `1.${max}`, links: [{ rel: 'help', href: help }] },
    ],
  };
}
