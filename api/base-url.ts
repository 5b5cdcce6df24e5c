import type { Context } from 'koa';
import type { Config } from '../common/config/schema.js';

const SCHEME = /^https?$/;
const HOST = /^([\w.-]+|\[[0-9a-f:.]+\])(:\d{1,5})?$/i;
const PREFIX = /^(\/[\w.~-]+)+$/;

/**
 * Where clients see the API, for links: as configured; else as a trusted proxy says, by RFC 7239 or the older headers
 * (oslo.middleware's `http_proxy_to_wsgi`); else where they came.
 */
export function baseUrlOf(config: Config, ctx: Context): string {
  const configured = config.api.publicEndpoint;
  if (configured !== undefined) return configured.replace(/\/+$/, '').replace(/\/v1$/, '');
  if (!config.osloMiddleware.enableProxyHeadersParsing) return `${ctx.protocol}://${ctx.host}`;
  const { scheme, host } = ctx.get('Forwarded') === '' ? olderHeaders(ctx) : forwarded(ctx.get('Forwarded'));
  const prefix = ctx.get('X-Forwarded-Prefix').replace(/\/+$/, '');
  return `${known(SCHEME, scheme) ?? ctx.protocol}://${known(HOST, host) ?? ctx.host}${known(PREFIX, prefix) ?? ''}`;
}

interface Seen {
  scheme: string | undefined;
  host: string | undefined;
}

/** What the first proxy, which the client reached, says. */
function forwarded(header: string): Seen {
  const pairs = (header.split(',', 1)[0] ?? '').split(';').map((pair) => {
    const [name = '', value = ''] = pair.split('=', 2);
    return [name.trim().toLowerCase(), value.trim().replace(/^"(.*)"$/, '$1')];
  });
  const values = new Map(pairs as [string, string][]);
  return { scheme: values.get('proto'), host: values.get('host') };
}

function olderHeaders(ctx: Context): Seen {
  const first = (name: string) => ctx.get(name).split(',', 1)[0]?.trim();
  return { scheme: first('X-Forwarded-Proto'), host: first('X-Forwarded-Host') };
}

function known(pattern: RegExp, value: string | undefined): string | undefined {
  return value !== undefined && pattern.test(value) ? value : undefined;
}
