import { type Cluster, findClusters, findShownClusters, type ShownWithTemplate } from '../../common/db/clusters.js';
import type { Query } from '../../common/db/database.js';
import type { Scope } from '../../common/db/scope.js';
import { ServiceError } from '../../common/errors.js';
import type { Api } from '../deps.js';
import { isUuid } from '../paging.js';
import type { Caller } from '../route.js';

/** @throws ServiceError `not_found`, `ambiguous`. */
export function getCluster(api: Api, scope: Scope, ident: string): Promise<Cluster> {
  return theOne(api, scope, ident, findClusters);
}

type Find<C> = (scope: Scope, query: Query, by: { uuid: string } | { name: string }) => Promise<C[]>;

async function theOne<C>(api: Api, scope: Scope, ident: string, find: Find<C>): Promise<C> {
  const by = isUuid(ident) ? { uuid: ident } : { name: ident };
  const [cluster, another] = await api.db.read('cluster-find', (query) => find(scope, query, by));
  if (cluster === undefined) throw clusterNotFound(ident);
  if (another !== undefined) throw new ServiceError('ambiguous', `Several clusters are named ${ident}; use the uuid.`);
  return cluster;
}

export function clusterNotFound(ident: string): ServiceError {
  return new ServiceError('not_found', `Cluster ${ident} could not be found.`, { code: 'cluster_not_found' });
}

/** The cluster that the path names, as far as the caller sees it. */
export function loadCluster(api: Api, caller: Caller): Promise<Cluster> {
  return getCluster(api, caller.scope, caller.params.cluster ?? '');
}

/** The same with what is shown of its template. */
export function loadShownCluster(api: Api, caller: Caller): Promise<ShownWithTemplate> {
  return theOne(api, caller.scope, caller.params.cluster ?? '', findShownClusters);
}
