import type { Query } from '../../common/db/database.js';
import { findOpenDiagnostic, openDiagnostic } from '../../common/db/diagnostics.js';
import { nodes } from '../../common/db/nodes.js';
import type { Work } from '../work.js';

/** With the end of a create that has failed, whose nodes may know why. The cluster's row is locked by its lease. */
export async function diagnoseFailedCreate(work: Work, trx: Query): Promise<void> {
  const { cluster, deps, operation } = work;
  if (operation.kind !== 'create' || !deps.settings.diagnostics.isAutomatic) return;
  const { uuid: clusterId, projectId } = cluster;
  if ((await nodes.find(trx, { clusterId })) === undefined) return;
  // Its owner has asked already.
  if ((await findOpenDiagnostic(trx, clusterId)) !== undefined) return;
  const uuid = deps.ids.uuid();
  await openDiagnostic(trx, {
    uuid,
    clusterId,
    projectId,
    userId: undefined,
    operationId: operation.uuid,
    cause: 'create_failed',
    wanted: [],
    createdAt: work.now(),
  });
  await work.event(trx, 'diagnostic_accepted', 'The create has failed: its nodes are asked why', { diagnostic: uuid });
}
