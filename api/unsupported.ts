import { ServiceError } from '../common/errors.js';

/** For what the API knows and this release does not do: an honest 400 before anything is accepted. */
export function unsupported(what: string): () => Promise<never> {
  return async () => {
    throw new ServiceError('invalid', `${what} is not supported.`, { code: 'unsupported' });
  };
}
