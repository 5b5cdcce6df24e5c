import { ServiceError } from '../common/errors.js';

/** For what the API knows and a cluster's driver does not do: an honest 400 before anything is accepted. */
export function unsupported(what: string): ServiceError {
  return new ServiceError('invalid', `${what} is not supported.`, { code: 'unsupported' });
}
