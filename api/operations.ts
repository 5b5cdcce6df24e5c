import type { Clock } from '../common/clock.js';
import { type Cluster, clusters } from '../common/db/clusters.js';
import type { Query } from '../common/db/database.js';
import { appendEvent } from '../common/db/events.js';
import { nodeGroups } from '../common/db/node-groups.js';
import { nodeTasks } from '../common/db/node-tasks.js';
import { isNamed, nodes } from '../common/db/nodes.js';
import {
  findOpenOperation,
  type Operation,
  type OperationKind,
  type OperationParams,
  type OrderedKind,
  openOperation,
  supersedeOperation,
} from '../common/db/operations.js';
import { errorText, ServiceError } from '../common/errors.js';
import type { Ids } from '../common/ids.js';
import type { Log } from '../common/log.js';
import type { Queue } from '../common/queue/queue.js';
import { withDeadline } from './deadline.js';

/**
 * How a request becomes work: the intent, its operation and the event that tells of it are written in
 * one transaction; only then a conductor is told. What is not committed was never accepted.
 */
export interface OperationOrder {
  cluster: Cluster;
  kind: OrderedKind;
  params: OperationParams;
  timeoutMinutes: number;
  userId: string;
  requestId: string;
  /** For the event, in the user's words. */
  message: string;
}

interface RecordDeps {
  clock: Clock;
  ids: Ids;
}

/** What Bayou orders itself: tried again later. */
const RENEWALS: readonly OperationKind[] = ['renew_registry', 'renew_credential'];
/** Each brings all groups to what is desired of them, so a newer one does what an older one has left. */
const UPDATES: readonly OperationKind[] = ['resize', 'create_node_group', 'delete_node_group', 'rollback', ...RENEWALS];

/** Which open operations a new one takes the place of; every other meeting is refused. */
const SUPERSEDES: Record<OrderedKind, readonly OperationKind[]> = {
  create: [],
  resize: UPDATES,
  create_node_group: UPDATES,
  delete_node_group: UPDATES,
  // In the middle of one nodes are drained and of two versions: only a delete does without its end.
  upgrade: RENEWALS,
  rotate_ca: RENEWALS,
  rotate_credentials: RENEWALS,
  delete: ['create', 'upgrade', 'rotate_ca', 'rotate_credentials', ...UPDATES],
};

/** What it does to the cluster, and to the groups that it is about. */
const ACTIONS: Record<OrderedKind, { cluster: Action; group: Action }> = {
  create: { cluster: 'CREATE', group: 'CREATE' },
  resize: { cluster: 'UPDATE', group: 'UPDATE' },
  create_node_group: { cluster: 'UPDATE', group: 'CREATE' },
  delete_node_group: { cluster: 'UPDATE', group: 'DELETE' },
  upgrade: { cluster: 'UPDATE', group: 'UPDATE' },
  rotate_ca: { cluster: 'UPDATE', group: 'UPDATE' },
  rotate_credentials: { cluster: 'UPDATE', group: 'UPDATE' },
  delete: { cluster: 'DELETE', group: 'DELETE' },
};

type Action = 'CREATE' | 'UPDATE' | 'DELETE';

const PUBLISH_TIMEOUT_MS = 3000;

/**
 * Opens an operation on a cluster that the caller has locked, and shows it in the status of the
 * cluster and of `groupIds` (default: all its groups).
 * @returns the operation's id
 * @throws ServiceError `invalid`, `operation_in_progress`, naming the operation in the way.
 */
export async function acceptOperation(
  trx: Query,
  deps: RecordDeps,
  order: OperationOrder,
  groupIds?: string[],
): Promise<string> {
  const { cluster, kind } = order;
  const now = deps.clock.now();
  const older = await findSuperseded(trx, cluster, kind);
  if (older !== undefined) await makeWay(trx, deps, order, older);
  const begun = (action: Action) =>
    ({ status: `${action}_IN_PROGRESS`, statusReason: undefined, updatedAt: now }) as const;
  const shown = begun(ACTIONS[kind].cluster);
  await clusters.update(trx, { uuid: cluster.uuid }, { ...shown, reason: undefined, faults: {} });
  const groups = nodeGroups.rows(trx).where({ cluster_id: cluster.uuid });
  if (groupIds !== undefined) groups.whereIn('uuid', groupIds);
  await groups.update(nodeGroups.toRow(begun(ACTIONS[kind].group)));
  return recordOperation(trx, deps, order);
}

/** Writes the operation and its event; for a cluster that this transaction has just made. */
export async function recordOperation(trx: Query, deps: RecordDeps, order: OperationOrder): Promise<string> {
  const { cluster, kind, params, userId, requestId } = order;
  const now = deps.clock.now();
  const uuid = deps.ids.uuid();
  const shared = { clusterId: cluster.uuid, projectId: cluster.projectId };
  await openOperation(trx, {
    ...shared,
    uuid,
    userId,
    requestId,
    kind,
    params,
    now,
    deadlineAt: now + order.timeoutMinutes * 60_000,
  });
  await appendEvent(trx, {
    ...shared,
    uuid: deps.ids.uuid(),
    operationId: uuid,
    actor: userId,
    kind: 'operation_accepted',
    message: order.message,
    details: { operation: kind, requestId },
    createdAt: now,
  });
  return uuid;
}

/**
 * The open operation that one of `kind` takes the place of, if there is any.
 * @throws ServiceError `invalid`, `operation_in_progress`, naming the operation in the way.
 */
export async function findSuperseded(trx: Query, cluster: Cluster, kind: OrderedKind): Promise<Operation | undefined> {
  const open = await findOpenOperation(trx, cluster.uuid);
  if (open === undefined || SUPERSEDES[kind].includes(open.kind)) return open;
  throw new ServiceError(
    'invalid',
    `Cluster ${cluster.name}: its ${open.kind} (operation ${open.uuid}) is ${open.status}; ask again when that has ended.`,
    { code: 'operation_in_progress' },
  );
}

async function makeWay(trx: Query, deps: RecordDeps, order: OperationOrder, older: Operation): Promise<void> {
  const { cluster, kind, params, userId } = order;
  const now = deps.clock.now();
  // Handed out later they would undo what the newer one has had done. Before the operation, in the order of heartbeats.
  await nodeTasks.update(
    trx,
    { clusterId: cluster.uuid, operationId: older.uuid, state: 'queued' },
    { state: 'failed', output: `a newer ${kind} took its place`, finishedAt: now },
  );
  const isOfSameGroup = older.params.nodeGroupId === params.nodeGroupId;
  if (kind !== 'delete' && !isOfSameGroup) await takeChosenNodes(trx, older, now);
  await supersedeOperation(trx, older.uuid, now);
  await appendEvent(trx, {
    uuid: deps.ids.uuid(),
    clusterId: cluster.uuid,
    projectId: cluster.projectId,
    operationId: older.uuid,
    actor: userId,
    kind: 'operation_superseded',
    message: `The ${older.kind} gave way to a newer ${kind}.`,
    createdAt: now,
  });
}

/** Counts stand on the groups; which nodes were to go stands in the older operation alone, and the newer one is of another group. */
async function takeChosenNodes(trx: Query, older: Operation, now: number): Promise<void> {
  const { nodeGroupId, nodesToRemove = [] } = older.params;
  if (nodeGroupId === undefined || nodesToRemove.length === 0) return;
  for (const node of await nodes.list(trx, { nodeGroupId, state: 'wanted' })) {
    // Those that the older one has made already are not meant.
    if (node.createdAt >= older.createdAt || !isNamed(node, nodesToRemove)) continue;
    await nodes.update(trx, { uuid: node.uuid }, { state: 'leaving', updatedAt: now });
  }
}

export interface AnnounceDeps {
  clock: Clock;
  log: Log;
  queue: Pick<Queue, 'publish'>;
}

/** Tells a conductor, after the commit. When that fails nothing is lost: the sweep finds the operation. */
export async function announceOperation(deps: AnnounceDeps, operationId: string, requestId: string): Promise<void> {
  try {
    const published = deps.queue.publish({ operationId, requestId });
    await withDeadline(deps.clock, PUBLISH_TIMEOUT_MS, published, () => new Error('no answer from the queue'));
  } catch (error) {
    deps.log.warn({ operationId, error: errorText(error) }, 'Operation not announced; the sweep will find it');
  }
}
