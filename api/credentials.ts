import type { Cluster } from '../common/db/clusters.js';
import { acceptedAnswer } from './answers.js';
import { refuseUnlessResizable } from './clusters/cluster-resize.js';
import { loadCluster } from './clusters/find-cluster.js';
import { onLockedCluster } from './clusters/locked-cluster.js';
import type { Api } from './deps.js';
import { acceptOperation, announceOperation, findSuperseded } from './operations.js';
import { type ApiRequest, type ApiResponse, route } from './route.js';
import { unsupported } from './unsupported.js';

/**
 * Gives the cluster's account another password, and whatever else the cluster logs in with a successor. Upstream takes
 * it in a complete state; here also after an update that failed, as a rotation may itself.
 */
async function rotate(api: Api, request: ApiRequest<undefined, undefined>, target: Cluster): Promise<ApiResponse> {
  if (!api.clusterTypes.rotatesCredentials(target.driver)) {
    throw unsupported(`Rotating the credentials of a cluster of the driver ${target.driver}`);
  }
  const operationId = await onLockedCluster(api, request, target.uuid, 'credentials-rotate', async (trx, cluster) => {
    await findSuperseded(trx, cluster, 'rotate_credentials');
    refuseUnlessResizable(cluster);
    const order = {
      cluster,
      kind: 'rotate_credentials' as const,
      params: {},
      timeoutMinutes: cluster.createTimeout || api.config.clusterHeat.createTimeout,
      userId: request.identity.userId,
      requestId: request.requestId,
      message: 'Rotation of the credentials accepted.',
    };
    // It is about none of the groups.
    return acceptOperation(trx, api, order, []);
  });
  await announceOperation(api, operationId, request.requestId);
  return { status: 202, body: { uuid: target.uuid } };
}

export const credentialRoutes = [
  route({
    method: 'PATCH',
    path: '/v1/credentials/{cluster}',
    since: 12,
    policy: 'credential:rotate',
    load: loadCluster,
    answers: { 202: acceptedAnswer },
    handler: rotate,
  }),
];
