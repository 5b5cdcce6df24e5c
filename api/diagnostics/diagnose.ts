import { z } from 'zod';
import type { Cluster } from '../../common/db/clusters.js';
import type { Query } from '../../common/db/database.js';
import { findOpenDiagnostic, openDiagnostic } from '../../common/db/diagnostics.js';
import { appendEvent } from '../../common/db/events.js';
import { isNamed, nodes } from '../../common/db/nodes.js';
import { ServiceError } from '../../common/errors.js';
import { onLockedCluster } from '../clusters/locked-cluster.js';
import type { Api } from '../deps.js';
import { requiredText } from '../fields.js';
import type { ApiRequest, ApiResponse } from '../route.js';
import { refuse } from '../validation.js';

const MAX_NODES = 20;

/** Without a body Bayou chooses the nodes. */
export const diagnoseBody = z
  .strictObject({
    nodes: z
      .array(requiredText(), { error: 'must be a list of server ids, node names, uuids or ordinals' })
      .max(MAX_NODES, `has more than ${MAX_NODES} entries`)
      .nullish()
      .transform((nodes) => nodes ?? []),
  })
  .prefault({ nodes: [] });

type DiagnoseRequest = ApiRequest<undefined, z.output<typeof diagnoseBody>>;

/** Beside whatever is under way: it is most wanted of a cluster whose create hangs. */
export async function diagnoseCluster(api: Api, request: DiagnoseRequest, target: Cluster): Promise<ApiResponse> {
  const uuid = api.ids.uuid();
  await onLockedCluster(api, request, target.uuid, 'cluster-diagnose', (trx, cluster) =>
    diagnoseLocked(trx, api, request, cluster, uuid),
  );
  return { status: 202, body: { uuid } };
}

/** On a cluster that this transaction has locked. */
async function diagnoseLocked(
  trx: Query,
  api: Api,
  { body, identity, requestId }: DiagnoseRequest,
  cluster: Cluster,
  uuid: string,
): Promise<void> {
  const open = await findOpenDiagnostic(trx, cluster.uuid);
  if (open !== undefined) {
    throw new ServiceError('conflict', `Cluster ${cluster.name} is being diagnosed already (${open.uuid}).`, {
      code: 'diagnostic_in_progress',
    });
  }
  const { projectId, uuid: clusterId } = cluster;
  const createdAt = api.clock.now();
  const wanted = await nodesNamed(trx, clusterId, body.nodes);
  const { userId } = identity;
  const shared = { clusterId, projectId, createdAt };
  await openDiagnostic(trx, { ...shared, uuid, userId, operationId: undefined, cause: 'request', wanted });
  await appendEvent(trx, {
    ...shared,
    uuid: api.ids.uuid(),
    actor: userId,
    kind: 'diagnostic_accepted',
    message: 'Diagnostics accepted.',
    details: { diagnostic: uuid, requestId },
  });
}

/** @throws ServiceError `invalid` that names those which are none of its nodes. */
async function nodesNamed(trx: Query, clusterId: string, names: readonly string[]): Promise<string[]> {
  if (names.length === 0) return [];
  const all = await nodes.list(trx, { clusterId });
  const unknown = names.filter((name) => !all.some((node) => isNamed(node, [name])));
  refuse(unknown.map((name) => ({ field: 'nodes', message: `${name} is no node of this cluster` })));
  return all.filter((node) => isNamed(node, names)).map(({ uuid }) => uuid);
}
