import { z } from 'zod';
import type { Cluster } from '../../common/db/clusters.js';
import { findOpenOperation, type OperationParams } from '../../common/db/operations.js';
import { ServiceError } from '../../common/errors.js';
import type { Api } from '../deps.js';
import { flag } from '../fields.js';
import { acceptOperation, announceOperation } from '../operations.js';
import type { ApiResponse, Caller } from '../route.js';
import { onLockedCluster } from './locked-cluster.js';

export const clusterDeleteQuery = z.strictObject({ keep_volumes: flag(), keep_load_balancers: flag() });

/** Of a bay there is no query. */
type DeleteRequest = Caller & { query: z.output<typeof clusterDeleteQuery> | undefined };

/**
 * From every state; while a delete is under way another one changes nothing.
 * @throws ServiceError `conflict` when load balancers are to stay in a network that goes
 */
export async function deleteCluster(api: Api, request: DeleteRequest, target: Cluster): Promise<ApiResponse> {
  const kept = keptOnRequest(request.query ?? {}, target);
  const operationId = await onLockedCluster(api, request, target.uuid, 'cluster-delete', async (trx, cluster) => {
    if ((await findOpenOperation(trx, cluster.uuid))?.kind === 'delete') return undefined;
    return acceptOperation(trx, api, {
      cluster,
      kind: 'delete',
      params: kept,
      timeoutMinutes: api.config.clusterHeat.deleteTimeout,
      userId: request.identity.userId,
      requestId: request.requestId,
      message: acceptance(kept),
    });
  });
  if (operationId !== undefined) await announceOperation(api, operationId, request.requestId);
  return { status: 204 };
}

/** What the cluster made in the cloud and its owner wants to have on. A load balancer holds the network that it stands in. */
function keptOnRequest(
  { keep_volumes: volumes, keep_load_balancers: loadBalancers }: z.output<typeof clusterDeleteQuery>,
  { fixedNetwork }: Cluster,
): OperationParams {
  if (loadBalancers === true && fixedNetwork === undefined) {
    throw new ServiceError(
      'conflict',
      "keep_load_balancers: the cluster's own network goes with it, and what stands in it; only clusters in a fixed_network can leave load balancers behind",
      { field: 'keep_load_balancers' },
    );
  }
  return {
    ...(volumes === true ? { keepVolumes: true } : {}),
    ...(loadBalancers === true ? { keepLoadBalancers: true } : {}),
  };
}

function acceptance({ keepVolumes, keepLoadBalancers }: OperationParams): string {
  const kept = [
    ...(keepVolumes === true ? ['volumes that pods asked for are kept'] : []),
    ...(keepLoadBalancers === true
      ? ['load balancers that Services asked for are kept, with their floating addresses']
      : []),
  ];
  return `${['Delete accepted', ...kept].join('; ')}.`;
}
