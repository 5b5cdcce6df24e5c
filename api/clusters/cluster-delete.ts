import { type Cluster, lockCluster } from '../../common/db/clusters.js';
import { findOpenOperation } from '../../common/db/operations.js';
import type { Api } from '../deps.js';
import { acceptOperation, announceOperation } from '../operations.js';
import type { ApiResponse, Caller } from '../route.js';
import { clusterNotFound } from './find-cluster.js';

/** From every state; while a delete is under way another one changes nothing. */
export async function deleteCluster(api: Api, request: Caller, target: Cluster): Promise<ApiResponse> {
  request.signal.throwIfAborted();
  const operationId = await api.db.transaction('cluster-delete', async (trx) => {
    const cluster = await lockCluster(request.scope, trx, target.uuid);
    if (cluster === undefined) throw clusterNotFound(target.uuid);
    if ((await findOpenOperation(trx, cluster.uuid))?.kind === 'delete') return undefined;
    return acceptOperation(trx, api, {
      cluster,
      kind: 'delete',
      params: {},
      timeoutMinutes: api.config.clusterHeat.deleteTimeout,
      userId: request.identity.userId,
      requestId: request.requestId,
      message: 'Delete accepted.',
    });
  });
  if (operationId !== undefined) await announceOperation(api, operationId, request.requestId);
  return { status: 204 };
}
