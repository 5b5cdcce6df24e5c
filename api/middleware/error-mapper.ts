import type { Context, Middleware } from 'koa';
import { type ErrorKind, errorText, ServiceError } from '../../common/errors.js';
import type { Log } from '../../common/log.js';
import { isOpenStackError, isTransient, type OpenStackError } from '../../openstack/errors.js';
import { MethodNotAllowed } from '../router.js';
import type { ApiState } from './state.js';

const STATUS = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  ambiguous: 409,
  conflict: 409,
  too_large: 413,
  media_type: 415,
  not_acceptable: 406,
  too_many: 429,
  unavailable: 503,
  internal: 500,
} as const satisfies Record<ErrorKind, number>;

const RETRY_AFTER_SECONDS = 5;

/** The one place where errors become answers, in the shape of Mitaka and later. */
export function errorMapper(deps: { log: Log }): Middleware<ApiState> {
  return async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      if (error instanceof MethodNotAllowed) {
        ctx.set('Allow', error.allowed.join(', '));
        answer(ctx, 405, '', error.message);
        return;
      }
      const known = translate(error);
      const status = STATUS[known.kind];
      if (status >= 500) {
        deps.log.error({ requestId: ctx.state.requestId, error: causes(error), code: known.code }, 'Request failed');
      }
      const retryAfter = known.retryAfterSeconds ?? (known.kind === 'unavailable' ? RETRY_AFTER_SECONDS : undefined);
      if (retryAfter !== undefined) ctx.set('Retry-After', String(Math.ceil(retryAfter)));
      answer(ctx, status, codeOf(known, status), known.message);
    }
  };
}

/** Upstream leaves `code` empty where the error was raised below the controllers. */
function codeOf(error: ServiceError, status: number): string {
  if (error.kind === 'unauthenticated' || error.code === 'path_not_found') return '';
  return status >= 500 ? 'server' : 'client';
}

function answer(ctx: Context, status: number, code: string, message: string): void {
  const detail = /[.!?]$/.test(message) ? message : `${message}.`;
  ctx.status = status;
  ctx.body = { errors: [{ request_id: '', code, status, title: firstSentence(detail), detail, links: [] }] };
}

/** magnumclient shows the title alone. Names with dots in them are no ends of sentences. */
function firstSentence(detail: string): string {
  return (detail.split(/\.(?:\s|$)/, 1)[0] ?? detail).trim();
}

const MAX_CAUSES = 5;

/** The error's words and those of what caused it. */
function causes(error: unknown): string {
  const texts: string[] = [];
  for (let cause = error; cause !== undefined && texts.length < MAX_CAUSES; ) {
    texts.push(errorText(cause));
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return texts.join(' < ');
}

/** Whatever is not meant for the caller's eyes stays in the log, under the request's id. */
function translate(error: unknown): ServiceError {
  if (error instanceof ServiceError) {
    return error.kind === 'internal' ? internal(error) : error;
  }
  if (isOpenStackError(error)) return translateCloudError(error);
  return internal(error);
}

function internal(cause: unknown): ServiceError {
  return new ServiceError('internal', 'This is a fault of Bayou; its log has the cause under the request id.', {
    cause,
  });
}

/** An error of a look-up in the user's own name. */
function translateCloudError(error: OpenStackError): ServiceError {
  const said = `The ${error.service} service said: ${error.serviceMessage}`;
  if (error.status === 401) return new ServiceError('unauthenticated', said, { cause: error });
  if (error.status === 403) return new ServiceError('forbidden', said, { cause: error });
  if (isTransient(error)) {
    const retryAfterSeconds = error.retryAfterSeconds ?? RETRY_AFTER_SECONDS;
    const message = `The ${error.service} service does not answer as it should; try again`;
    return new ServiceError('unavailable', message, { code: 'cloud_unavailable', retryAfterSeconds, cause: error });
  }
  return internal(error);
}
