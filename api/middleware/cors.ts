import type { Context, Middleware } from 'koa';
import type { Config } from '../../common/config/schema.js';
import type { ApiState } from './state.js';

/** Which a page may always send (oslo.middleware's list). */
const SIMPLE_HEADERS = [
  'Accept',
  'Accept-Language',
  'Content-Type',
  'Cache-Control',
  'Content-Language',
  'Expires',
  'Last-Modified',
  'Pragma',
];

/**
 * Cross-origin requests as oslo.middleware's filter has them: the outermost one, so that refusals can be read as well.
 * An OPTIONS is always a preflight: 200 without a token, and without the headers of permission where there is none.
 */
export function cors(settings: Config['cors']): Middleware<ApiState> {
  const origins = new Set(settings.allowedOrigin);
  const allowedHeaders = new Set([...settings.allowHeaders, ...SIMPLE_HEADERS].map((name) => name.toLowerCase()));

  const allowedOrigin = (ctx: Context): string | undefined => {
    const origin = ctx.get('Origin');
    if (origin === '') return undefined;
    if (origins.has(origin)) return origin;
    return origins.has('*') ? '*' : undefined;
  };
  const permit = (ctx: Context, origin: string): void => {
    ctx.set('Access-Control-Allow-Origin', origin);
    // With "*" a browser takes no answer that comes with this, as it must.
    if (settings.allowCredentials) ctx.set('Access-Control-Allow-Credentials', 'true');
  };
  const preflight = (ctx: Context, origin: string): void => {
    const method = ctx.get('Access-Control-Request-Method');
    const headers = wordsOf(ctx.get('Access-Control-Request-Headers'));
    if (!settings.allowMethods.includes(method)) return;
    if (!headers.every((name) => allowedHeaders.has(name.toLowerCase()))) return;
    permit(ctx, origin);
    if (settings.maxAge > 0) ctx.set('Access-Control-Max-Age', String(settings.maxAge));
    ctx.set('Access-Control-Allow-Methods', method);
    if (headers.length > 0) ctx.set('Access-Control-Allow-Headers', headers.join(','));
  };

  return async (ctx, next) => {
    const origin = allowedOrigin(ctx);
    if (ctx.method === 'OPTIONS') {
      ctx.status = 200;
      ctx.body = '';
      ctx.remove('Content-Type');
      if (origin !== undefined) preflight(ctx, origin);
    } else {
      await next();
      if (origin !== undefined) permit(ctx, origin);
      if (origin !== undefined && settings.exposeHeaders.length > 0) {
        ctx.set('Access-Control-Expose-Headers', settings.exposeHeaders.join(','));
      }
    }
    if (origins.size > 0) ctx.vary('Origin');
  };
}

function wordsOf(header: string): string[] {
  return header
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}
