import { countClusters } from '../../common/db/cluster-counts.js';
import type { Query } from '../../common/db/database.js';
import { lockQuota } from '../../common/db/quota-locks.js';
import { CLUSTER_RESOURCE, clusterLimit } from '../../common/db/quotas.js';
import { ServiceError } from '../../common/errors.js';
import type { Api } from '../deps.js';

/**
 * Before anything is made for a further cluster. Others may be accepted meanwhile, so it is no promise.
 * @throws ServiceError `forbidden`, as upstream.
 */
export function refuseWithoutQuota(api: Api, projectId: string): Promise<void> {
  return api.db.read('cluster-quota', (query) => refuseBeyond(query, api, projectId, 1));
}

/**
 * In the transaction that has just written a further cluster, as its last step: what is counted from here to its end
 * is right, and others of the project wait no longer than for this.
 * @throws ServiceError `forbidden`
 */
export async function holdToQuota(trx: Query, api: Api, projectId: string): Promise<void> {
  await lockQuota(trx, projectId, CLUSTER_RESOURCE);
  await refuseBeyond(trx, api, projectId, 0);
}

async function refuseBeyond(query: Query, api: Api, projectId: string, further: number): Promise<void> {
  const limit = await clusterLimit(query, projectId, api.config.quotas.maxClustersPerProject);
  const wanted = (await countClusters({ kind: 'project', projectId }, query)) + further;
  if (wanted <= limit) return;
  throw new ServiceError(
    'forbidden',
    `The quota of project ${projectId} for clusters is used up: ${wanted - 1} of ${limit}; delete one, or ask the operator for more.`,
    { code: 'cluster_quota_used_up' },
  );
}
