import { clusterTemplates } from '../common/db/cluster-templates.js';
import { type Cluster, clusters, type RotationStage } from '../common/db/clusters.js';
import type { Query } from '../common/db/database.js';
import { nodeGroups } from '../common/db/node-groups.js';
import { refuseUnlessResizable } from './clusters/cluster-resize.js';
import { onLockedCluster } from './clusters/locked-cluster.js';
import type { Api } from './deps.js';
import { acceptOperation, announceOperation, findSuperseded } from './operations.js';
import type { ApiRequest, ApiResponse } from './route.js';
import { unsupported } from './unsupported.js';

type RotateRequest = ApiRequest<undefined, undefined>;

/** What a call is about: it begins a change, or finishes it; one that has failed goes on where it was. */
const AFTER_CALL: Record<RotationStage | 'none', { stage: RotationStage; words: string }> = {
  none: { stage: 'trust', words: 'New certificate authorities beside the old ones' },
  trust: { stage: 'trust', words: 'New certificate authorities beside the old ones, once more' },
  issue: { stage: 'issue', words: 'New certificate authorities beside the old ones, once more' },
  open: { stage: 'serve', words: 'End of the old certificate authorities' },
  serve: { stage: 'serve', words: 'End of the old certificate authorities, once more' },
  drop: { stage: 'drop', words: 'End of the old certificate authorities, once more' },
};

/** For each node: it is told twice in a call, and starts its services again. */
const NODE_MINUTES = 5;

/**
 * Changes the certificate authorities of a cluster, in two calls: after the first both are good, so that users can fetch
 * the new ones; after the second the old ones are not.
 */
export async function rotateCa(api: Api, request: RotateRequest, target: Cluster): Promise<ApiResponse> {
  if (!api.clusterTypes.rotatesCa(target.driver)) {
    throw unsupported(`Rotating the certificates of a cluster of the driver ${target.driver}`);
  }
  const operationId = await onLockedCluster(api, request, target.uuid, 'certificate-rotate', (trx, cluster) =>
    rotateLocked(trx, api, request, cluster),
  );
  await announceOperation(api, operationId, request.requestId);
  return { status: 202, body: { uuid: target.uuid } };
}

/** On a cluster that this transaction has locked. @throws ServiceError `invalid`. */
async function rotateLocked(trx: Query, api: Api, request: RotateRequest, cluster: Cluster): Promise<string> {
  const template = await clusterTemplates.find(trx, { uuid: cluster.clusterTemplateId });
  if (template?.tlsDisabled === true) throw unsupported('Rotating the certificates of a cluster without TLS');
  await findSuperseded(trx, cluster, 'rotate_ca');
  refuseUnlessResizable(cluster);
  const { stage, words } = AFTER_CALL[cluster.caRotation ?? 'none'];
  await clusters.update(trx, { uuid: cluster.uuid }, { caRotation: stage });
  const groups = await nodeGroups.list(trx, { clusterId: cluster.uuid });
  const nodeCount = groups.reduce((sum, group) => sum + group.nodeCount, 0);
  return acceptOperation(trx, api, {
    cluster,
    kind: 'rotate_ca',
    params: {},
    timeoutMinutes: (cluster.createTimeout || api.config.clusterHeat.createTimeout) + nodeCount * NODE_MINUTES,
    userId: request.identity.userId,
    requestId: request.requestId,
    message: `${words} accepted.`,
  });
}
