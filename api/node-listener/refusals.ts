import { errorText, ServiceError } from '../../common/errors.js';
import type { Answer, ListenerContext } from './context.js';
import type { NodeView } from './node-view.js';
import { tell } from './node-writes.js';

/** A name that is no secret of the node's own cluster: perhaps one of another's. */
export const SECRET_UNKNOWN = 'secret_unknown';

/** A node that asks for what its role or its cluster has no right to is refused, and its owner is told. */
export async function tellingRefusals(
  context: ListenerContext,
  node: NodeView,
  work: () => Promise<Answer>,
): Promise<Answer> {
  try {
    return await work();
  } catch (error) {
    if (isOverreach(error)) await tellRefusal(context, node, error.message);
    throw error;
  }
}

function isOverreach(error: unknown): error is ServiceError {
  return error instanceof ServiceError && (error.kind === 'forbidden' || error.code === SECRET_UNKNOWN);
}

/** The refusal stands whether or not it could be told. */
async function tellRefusal(context: ListenerContext, node: NodeView, words: string): Promise<void> {
  const { db, log } = context.deps;
  const message = `${words} (node ${node.name})`;
  try {
    await db.transaction('node-refused', (trx) => tell(context, trx, node, { kind: 'node_refused', message }));
  } catch (error) {
    log.warn({ nodeId: node.uuid, error: errorText(error) }, 'Refusal of a node was not told');
  }
}
