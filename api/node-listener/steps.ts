import { z } from 'zod';
import { type Node, type NodeStep, nodes } from '../../common/db/nodes.js';
import { ServiceError } from '../../common/errors.js';
import { type Reason, reason } from '../../common/reasons.js';
import { lastLine, scrubLog } from '../../common/scrub.js';
import { nameSchema, parseBody } from './body.js';
import type { Answer, ListenerContext, NodeCall } from './context.js';
import { lockNode, tell, writeReport } from './node-writes.js';

const schema = z.object({
  name: nameSchema,
  status: z.enum(['started', 'done', 'failed']),
  log_tail: z.string().optional(),
});

const MAX_STEPS = 64;
export const MAX_LOG_TAIL_BYTES = 4096;

/** A node says how far it is. A failed step is the node's fault (what is wrong with it) until the same step is done. */
export async function reportStep(context: ListenerContext, { node, body }: NodeCall): Promise<Answer> {
  const { name, status, log_tail: logTail = '' } = parseBody(schema, body);
  const tail = scrubLog(logTail, MAX_LOG_TAIL_BYTES);
  await writeReport(context, 'node-step', node.clusterId, async (trx, now) => {
    const row = await lockNode(trx, node.uuid, now);
    const step: NodeStep = { name, status, at: now, ...(status === 'failed' ? { logTail: tail } : {}) };
    const fault =
      status === 'failed' ? stepFault(row, name, tail) : status === 'done' ? faultAfter(row, name) : row.fault;
    await nodes.update(
      trx,
      { uuid: row.uuid },
      {
        steps: withStep(row.steps, step),
        fault,
        lastSeen: now,
        reportedAt: now,
      },
    );
    // It tries again and again: said once.
    if (status === 'failed' && fault !== undefined && fault.message !== row.fault?.message) {
      await tell(context, trx, row, { kind: 'node_step_failed', message: fault.message, details: { step: name } });
    }
    return { news: status !== 'started' };
  });
  return { body: {} };
}

function withStep(steps: NodeStep[], step: NodeStep): NodeStep[] {
  const index = steps.findIndex(({ name }) => name === step.name);
  if (index >= 0) return steps.with(index, step);
  if (steps.length >= MAX_STEPS) {
    throw new ServiceError('invalid', `A node has at most ${MAX_STEPS} steps`, { field: 'name' });
  }
  return [...steps, step];
}

function stepFault(node: Node, step: string, tail: string): Reason {
  const words = lastLine(tail);
  return reason('node_step_failed', `Step ${step} of node ${node.name} failed${words === '' ? '' : `: ${words}`}`, {
    resource: faultResource(node, step),
  });
}

function faultAfter(node: Node, step: string): Reason | undefined {
  return node.fault?.resource === faultResource(node, step) ? undefined : node.fault;
}

function faultResource(node: Node, step: string): string {
  return `node ${node.name}, step ${step}`;
}
