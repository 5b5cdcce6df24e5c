import { type ClusterTemplate, findClusterTemplates } from '../../common/db/cluster-templates.js';
import type { Scope } from '../../common/db/scope.js';
import { ServiceError } from '../../common/errors.js';
import type { Api } from '../deps.js';
import { isUuid } from '../paging.js';

/** @throws ServiceError `not_found`, `ambiguous`. */
export async function getTemplate(api: Api, scope: Scope, ident: string): Promise<ClusterTemplate> {
  const by = isUuid(ident) ? { uuid: ident } : { name: ident };
  const [template, another] = await api.db.read('template-find', (query) => findClusterTemplates(scope, query, by));
  if (template === undefined) {
    throw new ServiceError('not_found', `ClusterTemplate ${ident} could not be found.`, { code: 'template_not_found' });
  }
  if (another !== undefined) {
    throw new ServiceError('ambiguous', `Several cluster templates are named ${ident}; use the uuid.`);
  }
  return template;
}
