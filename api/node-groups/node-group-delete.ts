import type { Cluster } from '../../common/db/clusters.js';
import type { Query } from '../../common/db/database.js';
import { nodeGroups } from '../../common/db/node-groups.js';
import { ServiceError } from '../../common/errors.js';
import { refuseUnlessResizable } from '../clusters/cluster-resize.js';
import { onLockedCluster } from '../clusters/locked-cluster.js';
import { counted } from '../clusters/node-counts.js';
import type { Api } from '../deps.js';
import { acceptOperation, announceOperation, findSuperseded } from '../operations.js';
import type { ApiResponse, Caller } from '../route.js';
import { findNodeGroup } from './find-node-group.js';

/** From every state; while it is under way another one changes nothing. The row goes with the last node. */
export async function deleteNodeGroup(api: Api, request: Caller, target: Cluster): Promise<ApiResponse> {
  const operationId = await onLockedCluster(api, request, target.uuid, 'nodegroup-delete', (trx, cluster) =>
    deleteLocked(trx, api, request, cluster),
  );
  if (operationId !== undefined) await announceOperation(api, operationId, request.requestId);
  return { status: 204 };
}

async function deleteLocked(trx: Query, api: Api, request: Caller, cluster: Cluster): Promise<string | undefined> {
  const group = await findNodeGroup(trx, cluster, request.params.nodegroup);
  if (group.isDefault) {
    throw new ServiceError('invalid', `Nodegroup ${group.name} was made with the cluster and goes with it only.`, {
      code: 'nodegroup_default',
    });
  }
  if (group.status === 'DELETE_IN_PROGRESS') return undefined;
  await findSuperseded(trx, cluster, 'delete_node_group');
  refuseUnlessResizable(cluster);
  await nodeGroups.update(trx, { uuid: group.uuid }, { nodeCount: 0, minNodeCount: 0 });
  const order = {
    cluster,
    kind: 'delete_node_group' as const,
    params: { nodeGroupId: group.uuid },
    timeoutMinutes: api.config.clusterHeat.deleteTimeout,
    userId: request.identity.userId,
    requestId: request.requestId,
    message: `Delete of node group ${group.name} accepted: ${counted(group.nodeCount, 'node')} to go.`,
  };
  return acceptOperation(trx, api, order, [group.uuid]);
}
