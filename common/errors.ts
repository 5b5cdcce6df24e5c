/**
 * What can go wrong, in Bayou's own words. Domain errors know nothing of HTTP: the API maps a
 * `kind` to a status in one place. Errors of OpenStack services are `openstack/errors.ts`.
 */
export type ErrorKind =
  | 'invalid' // the request can never be right as it stands; names the field
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'ambiguous' // a name that fits more than one object
  | 'conflict' // right in itself, but not in the present state
  | 'too_large'
  | 'media_type'
  | 'not_acceptable'
  | 'too_many' // rate limits
  | 'unavailable' // database, Keystone or another thing we need is down: try again
  | 'internal';

export interface ServiceErrorOptions {
  /** Stable and machine-readable, such as `cluster_not_found`. Defaults to the kind. */
  code?: string;
  /** The request's field at fault, as a path: `labels.kube_tag`. */
  field?: string;
  /** For `unavailable` and `too_many`: when to try again. */
  retryAfterSeconds?: number;
  cause?: unknown;
}

/** The one error type that Bayou throws on purpose. `message` is safe to show to whoever asked. */
export class ServiceError extends Error {
  readonly kind: ErrorKind;
  readonly code: string;
  readonly field: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(kind: ErrorKind, message: string, options: ServiceErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ServiceError';
    this.kind = kind;
    this.code = options.code ?? kind;
    this.field = options.field;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

export function isServiceError(error: unknown, kind?: ErrorKind): error is ServiceError {
  return error instanceof ServiceError && (kind === undefined || error.kind === kind);
}

/** The text of anything that was thrown. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
