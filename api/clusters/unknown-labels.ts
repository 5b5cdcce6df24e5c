import type { Cluster } from '../../common/db/clusters.js';
import type { Query } from '../../common/db/database.js';
import { appendEvent } from '../../common/db/events.js';
import type { Api } from '../deps.js';

/** An event for each label that means nothing to the cluster's driver: it is kept, and may be a slip. */
export async function tellUnknownLabels(
  trx: Query,
  api: Pick<Api, 'clock' | 'ids' | 'clusterTypes'>,
  cluster: Pick<Cluster, 'uuid' | 'projectId' | 'driver'>,
  operationId: string,
  labels: Record<string, string>,
): Promise<void> {
  for (const { label, nearest } of api.clusterTypes.unknownLabels(cluster.driver, labels)) {
    const hint = nearest === undefined ? '' : ` Did you mean "${nearest}"?`;
    await appendEvent(trx, {
      uuid: api.ids.uuid(),
      clusterId: cluster.uuid,
      projectId: cluster.projectId,
      operationId,
      actor: 'bayou',
      kind: 'label_unknown',
      message: `The label "${label}" means nothing to driver ${cluster.driver}; it is kept.${hint}`,
      details: { label, ...(nearest === undefined ? {} : { nearest }) },
      createdAt: api.clock.now(),
    });
  }
}
