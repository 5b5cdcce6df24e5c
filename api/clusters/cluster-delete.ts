import { z } from 'zod';
import type { Cluster } from '../../common/db/clusters.js';
import { findOpenOperation } from '../../common/db/operations.js';
import type { Api } from '../deps.js';
import { flag } from '../fields.js';
import { acceptOperation, announceOperation } from '../operations.js';
import type { ApiResponse, Caller } from '../route.js';
import { onLockedCluster } from './locked-cluster.js';

export const clusterDeleteQuery = z.strictObject({ keep_volumes: flag() });

/** Of a bay there is no query. */
type DeleteRequest = Caller & { query: z.output<typeof clusterDeleteQuery> | undefined };

/** From every state; while a delete is under way another one changes nothing. */
export async function deleteCluster(api: Api, request: DeleteRequest, target: Cluster): Promise<ApiResponse> {
  const keepVolumes = request.query?.keep_volumes === true;
  const operationId = await onLockedCluster(api, request, target.uuid, 'cluster-delete', async (trx, cluster) => {
    if ((await findOpenOperation(trx, cluster.uuid))?.kind === 'delete') return undefined;
    return acceptOperation(trx, api, {
      cluster,
      kind: 'delete',
      params: keepVolumes ? { keepVolumes } : {},
      timeoutMinutes: api.config.clusterHeat.deleteTimeout,
      userId: request.identity.userId,
      requestId: request.requestId,
      message: keepVolumes ? 'Delete accepted; volumes that pods asked for are kept.' : 'Delete accepted.',
    });
  });
  if (operationId !== undefined) await announceOperation(api, operationId, request.requestId);
  return { status: 204 };
}
