import { z } from 'zod';
import { COLLECT_TASK, MAX_NODE_PIECES, NODE_PIECE_BYTES, putPiece } from '../../common/db/diagnostic-pieces.js';
import { nodeTasks } from '../../common/db/node-tasks.js';
import { ServiceError } from '../../common/errors.js';
import { parseBody } from './body.js';
import type { Answer, ListenerContext, NodeCall } from './context.js';
import type { NodeView } from './node-view.js';
import { lockNode } from './node-writes.js';

/** One piece in base64, and what is around it. */
export const COLLECTED_BODY_BYTES = 65_536;

const schema = z.object({
  number: z
    .int()
    .min(0)
    .max(MAX_NODE_PIECES - 1),
  last: z.boolean(),
  data: z.base64().min(1),
});

/**
 * A piece of what a node was asked to collect, under the name of the task. Bytes: nobody looks into them here. The last one
 * is the task's answer. A node has nothing to send unless it was asked, and a piece that comes twice counts once.
 */
export async function putCollected(context: ListenerContext, { node, name, body }: NodeCall): Promise<Answer> {
  const { number, last, data } = parseBody(schema, body);
  const bytes = Buffer.from(data, 'base64');
  if (bytes.length > NODE_PIECE_BYTES) {
    throw new ServiceError('too_large', `A piece has at most ${NODE_PIECE_BYTES} bytes`, { field: 'data' });
  }
  const { clock, db, sealer } = context.deps;
  await db.transaction('node-collected', async (trx) => {
    const now = clock.now();
    await lockNode(trx, node.uuid, now);
    const task = await nodeTasks.find(trx, { uuid: name, nodeId: node.uuid, name: COLLECT_TASK });
    if (task === undefined) throw new ServiceError('not_found', 'Nothing was asked for under this name');
    // The answer to the last piece was lost, or the time was up.
    if (task.state !== 'queued') return;
    const diagnosticId = task.params.diagnostic ?? '';
    await putPiece(trx, sealer, { diagnosticId, source: node.uuid, number }, bytes);
    if (last) await nodeTasks.update(trx, { uuid: task.uuid }, { state: 'succeeded', finishedAt: now });
  });
  return { body: {} };
}

/**
 * A node at its steps says nothing but how they go, and hears of tasks with its heartbeats only when they are done: this
 * one it is told before.
 */
export async function askedToCollect(context: ListenerContext, node: NodeView): Promise<{ collect?: string }> {
  if (!node.tasksQueued) return {};
  const task = await context.deps.db.read('node-collect', (query) =>
    nodeTasks.find(query, { nodeId: node.uuid, name: COLLECT_TASK, state: 'queued' }),
  );
  return task === undefined ? {} : { collect: task.uuid };
}
