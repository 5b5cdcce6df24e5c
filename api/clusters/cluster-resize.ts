import { z } from 'zod';
import { templateOfCluster } from '../../common/db/cluster-templates.js';
import type { Cluster, ClusterStatus } from '../../common/db/clusters.js';
import type { Query } from '../../common/db/database.js';
import { DEFAULT_WORKER_GROUP, MASTER_ROLE, type NodeGroup, nodeGroups } from '../../common/db/node-groups.js';
import { nodes } from '../../common/db/nodes.js';
import type { Operation, OperationParams } from '../../common/db/operations.js';
import { ServiceError } from '../../common/errors.js';
import type { Api } from '../deps.js';
import { type DryRunQuery, dryRun } from '../dry-run.js';
import { orElse, requiredInteger, requiredText, text } from '../fields.js';
import { acceptOperation, announceOperation, findSuperseded } from '../operations.js';
import { type Forecast, NOT_PLANNED } from '../preflight.js';
import type { ApiRequest, ApiResponse, Caller } from '../route.js';
import { type Finding, refuse, refuseOrder } from '../validation.js';
import { forecastChange } from './cluster-forecast.js';
import { sizeProblems } from './cluster-size.js';
import { onLockedCluster } from './locked-cluster.js';
import { counted, zeroNodesProblems } from './node-counts.js';

const MAX_NODES_TO_REMOVE = 1000;

export const resizeBody = z.strictObject({
  node_count: requiredInteger(0),
  nodes_to_remove: orElse(
    z
      .array(z.union([requiredText(), z.int().transform(String)], { error: 'must be a text' }), {
        error: 'must be a list of server ids, node names or ordinals',
      })
      .max(MAX_NODES_TO_REMOVE),
    [],
  ),
  nodegroup: text(),
});

export type ResizeBody = z.output<typeof resizeBody>;

export interface WantedSize extends ResizeBody {
  /** Should it fail, the group is to have again what it has now. */
  rollsBack?: boolean;
}

/** An UPDATE may be asked for again and again; a failed CREATE left nothing that could be resized. */
const RESIZABLE: ReadonlySet<ClusterStatus> = new Set([
  'CREATE_COMPLETE',
  'UPDATE_COMPLETE',
  'UPDATE_FAILED',
  'UPDATE_IN_PROGRESS',
  'ROLLBACK_COMPLETE',
  'ROLLBACK_FAILED',
  'ROLLBACK_IN_PROGRESS',
]);

export async function resizeCluster(
  api: Api,
  request: ApiRequest<DryRunQuery, ResizeBody>,
  target: Cluster,
): Promise<ApiResponse> {
  const { body } = request;
  refuse(zeroNodesProblems(request.minor, body.node_count));
  const { plan, findings } = await judgeResize(api, request, target, body);
  if (request.query.dry_run === true) return dryRun(plan, findings);
  refuseOrder(findings);
  const operationId = await onLockedCluster(api, request, target.uuid, 'cluster-resize', (trx, cluster) =>
    resizeLocked(trx, api, request, cluster, body),
  );
  await announceOperation(api, operationId, request.requestId);
  return { status: 202, body: { uuid: target.uuid } };
}

/** Before anything is locked: what is wrong with it, and what the cloud has no room for. @throws ServiceError as `resizeLocked` */
export async function judgeResize(api: Api, request: Caller, cluster: Cluster, wanted: ResizeBody): Promise<Forecast> {
  const { groups, group, template, problems } = await api.db.read('cluster-resize-judge', async (query) => {
    await findSuperseded(query, cluster, 'resize');
    refuseUnlessResizable(cluster);
    const all = await nodeGroups.list(query, { clusterId: cluster.uuid });
    const one = groupOf(all, wanted.nodegroup, cluster);
    refuseGoing(one);
    const found = await wantedProblems(query, api, cluster, all, one, wanted);
    return { groups: all, group: one, template: await templateOfCluster(query, cluster), problems: found };
  });
  const { node_count: nodeCount, nodes_to_remove: leaving } = wanted;
  const isMore = nodeCount > group.nodeCount - leaving.length;
  const resized = (count: number) => groups.map((each) => (each === group ? { ...each, nodeCount: count } : each));
  const staying = resized(Math.max(0, group.nodeCount - leaving.length));
  const forecast =
    problems.length > 0 || !isMore
      ? NOT_PLANNED
      : await forecastChange(api, request.identity, { cluster, template }, staying, resized(nodeCount));
  return { plan: forecast.plan, findings: [...problems, ...forecast.findings] };
}

/**
 * Writes the desired count and opens the operation, on a cluster that this transaction has locked. The
 * same count is no mistake: it tries a failed resize again.
 * @returns the operation's id
 * @throws ServiceError `invalid`, `not_found` (node group).
 */
export async function resizeLocked(
  trx: Query,
  api: Api,
  request: Caller,
  cluster: Cluster,
  wanted: WantedSize,
): Promise<string> {
  const older = await findSuperseded(trx, cluster, 'resize');
  refuseUnlessResizable(cluster);
  const all = await nodeGroups.list(trx, { clusterId: cluster.uuid });
  const group = groupOf(all, wanted.nodegroup, cluster);
  refuseGoing(group);
  const { node_count: nodeCount, nodes_to_remove: nodesToRemove } = wanted;
  refuse(await wantedProblems(trx, api, cluster, all, group, wanted));
  await nodeGroups.update(trx, { uuid: group.uuid }, { nodeCount });
  const order = {
    cluster,
    kind: 'resize' as const,
    params: {
      nodeGroupId: group.uuid,
      ...(nodesToRemove.length === 0 ? {} : { nodesToRemove }),
      ...(wanted.rollsBack === true ? rollbackParams(group, nodeCount, older) : {}),
    },
    timeoutMinutes: cluster.createTimeout || api.config.clusterHeat.createTimeout,
    userId: request.identity.userId,
    requestId: request.requestId,
    message: `Resize of ${group.name} accepted: ${counted(group.nodeCount, 'node')} before, ${nodeCount} wanted.`,
  };
  return acceptOperation(trx, api, order, [group.uuid]);
}

/** Back to the last number that held: what another resize has only begun is none. */
function rollbackParams(group: NodeGroup, nodeCount: number, older: Operation | undefined): OperationParams {
  const isOfSameGroup = older?.params.nodeGroupId === group.uuid;
  const rollbackTo = (isOfSameGroup ? older?.params.rollbackTo : undefined) ?? group.nodeCount;
  return rollbackTo === nodeCount ? {} : { rollbackTo };
}

async function wantedProblems(
  query: Query,
  api: Api,
  cluster: Cluster,
  groups: readonly NodeGroup[],
  group: NodeGroup,
  { node_count: nodeCount, nodes_to_remove: nodesToRemove }: ResizeBody,
): Promise<Finding[]> {
  const resized = groups.map((each) => (each === group ? { nodeCount } : each));
  return [
    ...(nodeCount > group.nodeCount ? await sizeProblems(query, api, cluster, resized) : []),
    ...boundProblems(group, nodeCount),
    ...api.clusterTypes.resizeProblems(cluster.driver, {
      group,
      nodeCount,
      leaving: nodesToRemove.length,
      masterLbEnabled: cluster.masterLbEnabled,
    }),
    ...(await removalProblems(query, group, nodesToRemove)),
  ];
}

/** @throws ServiceError `invalid`, with what its owner can do. */
export function refuseUnlessResizable(cluster: Cluster): void {
  const { name, status } = cluster;
  if (RESIZABLE.has(status)) return;
  const remedy = status.endsWith('_IN_PROGRESS')
    ? 'wait until that has ended'
    : status === 'CREATE_FAILED'
      ? 'delete it and create it again'
      : 'delete it';
  throw new ServiceError('invalid', `Cluster ${name} is ${status} and can't be changed: ${remedy}.`, {
    code: 'cluster_status',
  });
}

export function groupOf(groups: NodeGroup[], ident: string | undefined, cluster: Cluster): NodeGroup {
  const isDefaultWorker = (group: NodeGroup) => group.isDefault && group.role !== MASTER_ROLE;
  const group = groups.find(
    ident === undefined ? isDefaultWorker : ({ uuid, name }) => uuid === ident || name === ident,
  );
  if (group !== undefined) return group;
  throw new ServiceError(
    'not_found',
    `Nodegroup ${ident ?? DEFAULT_WORKER_GROUP} could not be found in cluster ${cluster.name}.`,
    { code: 'nodegroup_not_found', field: 'nodegroup' },
  );
}

/** Its nodes go, and with the last one its row: it can't get others. */
export function refuseGoing({ name, status }: NodeGroup): void {
  if (status?.startsWith('DELETE_') !== true) return;
  throw new ServiceError('invalid', `Nodegroup ${name} is ${status}; all that it can be is deleted.`, {
    code: 'nodegroup_status',
  });
}

function boundProblems(group: NodeGroup, nodeCount: number): Finding[] {
  const { name, minNodeCount, maxNodeCount } = group;
  if (nodeCount >= minNodeCount && nodeCount <= (maxNodeCount ?? nodeCount)) return [];
  const range = maxNodeCount === undefined ? `at least ${minNodeCount}` : `${minNodeCount} to ${maxNodeCount}`;
  return [{ field: 'node_count', message: `${name} may have ${range} nodes` }];
}

/** A node that goes although the count stays is replaced, as upstream. */
async function removalProblems(trx: Query, group: NodeGroup, nodesToRemove: string[]): Promise<Finding[]> {
  if (nodesToRemove.length === 0) return [];
  const members = await nodes.list(trx, { nodeGroupId: group.uuid, state: 'wanted' });
  const known = new Set(
    members.flatMap(({ uuid, name, serverId, ordinal }) => [uuid, name, serverId, String(ordinal)]),
  );
  return nodesToRemove
    .filter((ident) => !known.has(ident))
    .map((ident) => ({ field: 'nodes_to_remove', message: `${ident} is no node of ${group.name}` }));
}
