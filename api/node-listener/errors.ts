import { type ErrorKind, isServiceError, ServiceError } from '../../common/errors.js';
import type { Answer } from './context.js';

const STATUS = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  not_acceptable: 406,
  ambiguous: 409,
  conflict: 409,
  too_large: 413,
  media_type: 415,
  too_many: 429,
  internal: 500,
  unavailable: 503,
} as const satisfies Record<ErrorKind, number>;

const NODE_GONE = 'node_gone';

/** The node is not wanted any more (410): it stops asking. */
export function nodeGone(): ServiceError {
  return new ServiceError('not_found', 'This node does not exist any more', { code: NODE_GONE });
}

/** What a node is told: a code and a sentence, never what lies behind. */
export function errorAnswer(error: unknown): Answer & { status: number } {
  const known = isServiceError(error) ? error : new ServiceError('internal', 'Internal error', { cause: error });
  const { code, field, kind, retryAfterSeconds } = known;
  const message = kind === 'internal' ? 'Internal error' : known.message;
  return {
    status: code === NODE_GONE ? 410 : STATUS[kind],
    headers: {
      ...(retryAfterSeconds === undefined ? {} : { 'Retry-After': String(retryAfterSeconds) }),
      // The rest of the body is not waited for.
      ...(kind === 'too_large' ? { Connection: 'close' } : {}),
    },
    body: { error: { code, message, ...(field === undefined ? {} : { field }) } },
  };
}
