import { type Federation, findFederations } from '../../common/db/federations.js';
import { ServiceError } from '../../common/errors.js';
import type { Api } from '../deps.js';
import { isUuid } from '../paging.js';
import type { Caller } from '../route.js';

/** The one that the path names, as far as the caller sees it. @throws ServiceError `not_found`, `ambiguous`. */
export async function loadFederation(api: Api, { scope, params }: Caller): Promise<Federation> {
  const ident = params.federation ?? '';
  const by = isUuid(ident) ? { uuid: ident } : { name: ident };
  const [federation, another] = await api.db.read('federation-find', (query) => findFederations(scope, query, by));
  if (federation === undefined) throw federationNotFound(ident);
  if (another === undefined) return federation;
  throw new ServiceError('ambiguous', `Several federations are named ${ident}; use the uuid.`);
}

export function federationNotFound(ident: string): ServiceError {
  return new ServiceError('not_found', `Federation ${ident} could not be found.`, { code: 'federation_not_found' });
}
