import { type Cluster, lockCluster } from '../../common/db/clusters.js';
import type { Query } from '../../common/db/database.js';
import type { Api } from '../deps.js';
import type { Caller } from '../route.js';
import { clusterNotFound } from './find-cluster.js';

/**
 * One transaction on a cluster that nobody else changes meanwhile, unless the client is gone already. `name` as in
 * `Database`. @throws ServiceError `not_found` when the cluster went since it was found
 */
export function onLockedCluster<T>(
  api: Api,
  request: Caller,
  uuid: string,
  name: string,
  work: (trx: Query, cluster: Cluster) => Promise<T>,
): Promise<T> {
  request.signal.throwIfAborted();
  return api.db.transaction(name, async (trx) => {
    const cluster = await lockCluster(request.scope, trx, uuid);
    if (cluster === undefined) throw clusterNotFound(uuid);
    return work(trx, cluster);
  });
}
