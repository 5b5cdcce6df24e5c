import type { Clock } from '../common/clock.js';
import { type ClusterStatus, lockCluster } from '../common/db/clusters.js';
import { type Database, isDuplicate, type Query } from '../common/db/database.js';
import { type OperationKind, openOperation } from '../common/db/operations.js';
import { everything } from '../common/db/scope.js';
import type { Ids } from '../common/ids.js';

export interface RenewalDeps {
  db: Database;
  clock: Clock;
  ids: Ids;
}

/** Something that clusters log in with, and that gets a successor at half of its life. */
export interface Renewal {
  kind: OperationKind;
  /** The secret's name. */
  secret: string;
  /** Those of a cluster in the inventory: more than one means that an old one is still good. */
  resource: { service: string; type: string; namePrefix: string };
  lifeMs: number;
}

const BATCH = 50;
const DEADLINE_MS = 3_600_000;
/** A renewal that did not end as it should, or for which a node was silent, is tried again after this. */
const AGAIN_MS = 6 * 3_600_000;
/** In the others an operation is under way, or the cluster's nodes may not be there. */
const STEADY: ClusterStatus[] = [
  'CREATE_COMPLETE',
  'UPDATE_COMPLETE',
  'UPDATE_FAILED',
  'ROLLBACK_COMPLETE',
  'ROLLBACK_FAILED',
];

/**
 * Opens an operation for each cluster that needs a new one, or still has an old one. The sweep finds it. Any number of
 * conductors may do so: at most one operation of a cluster is open.
 */
export async function openRenewals(deps: RenewalDeps, renewal: Renewal): Promise<number> {
  const now = deps.clock.now();
  const due = await deps.db.read('due renewals', (query) => dueClusters(query, now, renewal));
  for (const clusterId of due) await begin(deps, clusterId, now, renewal.kind);
  return due.length;
}

async function dueClusters(query: Query, now: number, { kind, secret, resource, lifeMs }: Renewal): Promise<string[]> {
  const withOldOnes = query('cloud_resources')
    .where({ service: resource.service, type: resource.type })
    .where('name', 'like', `${resource.namePrefix}%`)
    .whereNot({ state: 'gone' })
    .groupBy('cluster_id')
    .havingRaw('count(*) > 1')
    .select('cluster_id');
  return query('secrets')
    .join('clusters', 'clusters.uuid', 'secrets.owner')
    .where('secrets.name', secret)
    .whereNotNull('secrets.sealed')
    .whereIn('clusters.status', STEADY)
    .where((due) => {
      due.where('secrets.updated_at', '<=', now - lifeMs / 2).orWhereIn('clusters.uuid', withOldOnes);
    })
    .whereNotIn(
      'clusters.uuid',
      query('operations')
        .where({ kind })
        .where('created_at', '>', now - AGAIN_MS)
        .select('cluster_id'),
    )
    .orderBy('secrets.updated_at')
    .limit(BATCH)
    .pluck('clusters.uuid');
}

async function begin({ db, ids }: RenewalDeps, clusterId: string, now: number, kind: OperationKind): Promise<void> {
  try {
    await db.transaction('begin renewal', async (trx) => {
      // As the API does, which could not tell what kept its insert waiting.
      const cluster = await lockCluster(everything, trx, clusterId);
      if (cluster === undefined || !STEADY.includes(cluster.status)) return;
      await openOperation(trx, {
        uuid: ids.uuid(),
        clusterId,
        projectId: cluster.projectId,
        userId: cluster.accountUserId ?? cluster.userId,
        requestId: undefined,
        kind,
        params: {},
        now,
        deadlineAt: now + DEADLINE_MS,
      });
    });
  } catch (error) {
    // Another operation was opened meanwhile.
    if (!isDuplicate(error)) throw error;
  }
}
