import { clusters } from '../common/db/clusters.js';
import type { Query } from '../common/db/database.js';
import { nodeGroups } from '../common/db/node-groups.js';
import { openOperation } from '../common/db/operations.js';
import { type Reason, reasonSentence } from '../common/reasons.js';
import type { Work } from './work.js';

/**
 * A resize that has failed goes back to the number of nodes of before where its owner asked for that: an operation of
 * its own, opened in the transaction that ends the failed one.
 * @returns its id; undefined where nothing was asked for, or the group is to go.
 */
export async function openRollback(work: Work, trx: Query, why: Reason): Promise<string | undefined> {
  const { nodeGroupId, rollbackTo } = work.operation.params;
  if (nodeGroupId === undefined || rollbackTo === undefined) return undefined;
  const group = await nodeGroups.find(trx, { uuid: nodeGroupId });
  if (group === undefined || group.status?.startsWith('DELETE_') === true) return undefined;
  const now = work.now();
  const shown = { status: 'ROLLBACK_IN_PROGRESS', statusReason: reasonSentence(why), updatedAt: now } as const;
  await clusters.update(trx, { uuid: work.cluster.uuid }, { ...shown, reason: why });
  await nodeGroups.update(trx, { uuid: nodeGroupId }, { ...shown, nodeCount: rollbackTo });
  const { clusterId, projectId, userId, requestId, createdAt, deadlineAt } = work.operation;
  const uuid = work.deps.ids.uuid();
  await openOperation(trx, {
    uuid,
    clusterId,
    projectId,
    userId,
    requestId,
    kind: 'rollback',
    params: { nodeGroupId, because: why },
    now,
    deadlineAt: now + (deadlineAt - createdAt),
  });
  const back = `Node group ${group.name} goes back to ${rollbackTo} nodes from ${group.nodeCount}`;
  await work.event(trx, 'rollback_begun', back, { operation: uuid });
  return uuid;
}
