import type { Query } from '../../common/db/database.js';
import { appendEvent, type NewEvent } from '../../common/db/events.js';
import { type Node, nodes } from '../../common/db/nodes.js';
import { nudgeOperation } from '../../common/db/operations.js';
import { errorText } from '../../common/errors.js';
import type { ListenerContext } from './context.js';
import { nodeGone } from './errors.js';

/**
 * The node's row, locked for the rest of the transaction. The write comes first, so that two writers on different
 * Galera nodes, where row locks do not meet, collide at commit.
 * @throws ServiceError `node_gone`.
 */
export async function lockNode(trx: Query, uuid: string, now: number): Promise<Node> {
  await nodes.update(trx, { uuid }, { updatedAt: now });
  const node = await nodes.find(trx, { uuid });
  if (node === undefined) throw nodeGone();
  return node;
}

export type NodeEvent = Pick<NewEvent, 'kind' | 'message' | 'details'>;

/** Tells the cluster's owner what a node did; a node has a limited number of events. */
export async function tell(
  context: ListenerContext,
  trx: Query,
  node: Pick<Node, 'uuid' | 'name' | 'clusterId' | 'projectId'>,
  event: NodeEvent,
): Promise<void> {
  if (context.limits.events.take(node.uuid, context.deps.clock.now())) await tellAlways(context, trx, node, event);
}

/** What its owner must know however often the node did something. */
export async function tellAlways(
  context: ListenerContext,
  trx: Query,
  node: Pick<Node, 'uuid' | 'name' | 'clusterId' | 'projectId'>,
  event: NodeEvent,
): Promise<void> {
  const { clock, ids } = context.deps;
  const { clusterId, projectId } = node;
  await appendEvent(trx, {
    uuid: ids.uuid(),
    clusterId,
    projectId,
    actor: `node ${node.name}`,
    createdAt: clock.now(),
    ...event,
  });
}

/**
 * A transaction that writes what a node reported; then a conductor is told, if an operation of the cluster waits.
 * `work` says whether there is something for it to look at.
 */
export async function writeReport(
  context: ListenerContext,
  name: string,
  clusterId: string,
  work: (trx: Query, now: number) => Promise<{ news: boolean }>,
): Promise<void> {
  const { clock, db, log, notify } = context.deps;
  const operationId = await db.transaction(name, async (trx) => {
    const now = clock.now();
    const { news } = await work(trx, now);
    return news ? await nudgeOperation(trx, clusterId, now) : undefined;
  });
  if (operationId === undefined) return;
  try {
    await notify(operationId);
  } catch (error) {
    log.warn({ operationId, error: errorText(error) }, 'Conductor was not told; its sweep will find the operation');
  }
}
