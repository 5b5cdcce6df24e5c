import { z } from 'zod';
import { type Node, type NodeStep, nodes } from '../../common/db/nodes.js';
import { ServiceError } from '../../common/errors.js';
import { type Reason, type ReasonCode, reason } from '../../common/reasons.js';
import { lastLine, scrubLog } from '../../common/scrub.js';
import { nameSchema, parseBody } from './body.js';
import { askedToCollect } from './collected.js';
import type { Answer, ListenerContext, NodeCall } from './context.js';
import { lockNode, tell, writeReport } from './node-writes.js';

const schema = z.object({
  name: nameSchema,
  status: z.enum(['started', 'done', 'failed', 'waiting']),
  log_tail: z.string().optional(),
});

const MAX_STEPS = 64;
export const MAX_LOG_TAIL_BYTES = 4096;

/** What a step that ended without being done is to its node. */
const FAULTS = {
  failed: { code: 'node_step_failed', verb: 'failed' },
  waiting: { code: 'node_step_waiting', verb: 'waits' },
} as const satisfies Partial<Record<NodeStep['status'], { code: ReasonCode; verb: string }>>;

/**
 * A node says how far it is. A step that failed or waits is the node's fault (what is wrong with it) until the same step
 * is done.
 */
export async function reportStep(context: ListenerContext, { node, body }: NodeCall): Promise<Answer> {
  const { name, status, log_tail: logTail = '' } = parseBody(schema, body);
  const tail = scrubLog(logTail, MAX_LOG_TAIL_BYTES);
  await writeReport(context, 'node-step', node.clusterId, async (trx, now) => {
    const row = await lockNode(trx, node.uuid, now);
    const ended = status === 'failed' || status === 'waiting' ? FAULTS[status] : undefined;
    const step: NodeStep = { name, status, at: now, ...(ended === undefined ? {} : { logTail: tail }) };
    const faultBefore = status === 'done' ? faultAfter(row, name) : row.fault;
    const fault = ended === undefined ? faultBefore : stepFault(row, name, ended, tail);
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
    if (ended !== undefined && fault !== undefined && fault.message !== row.fault?.message) {
      await tell(context, trx, row, { kind: ended.code, message: fault.message, details: { step: name } });
    }
    return { news: status !== 'started' };
  });
  return { body: await askedToCollect(context, node) };
}

function withStep(steps: NodeStep[], step: NodeStep): NodeStep[] {
  const index = steps.findIndex(({ name }) => name === step.name);
  if (index >= 0) return steps.with(index, step);
  if (steps.length >= MAX_STEPS) {
    throw new ServiceError('invalid', `A node has at most ${MAX_STEPS} steps`, { field: 'name' });
  }
  return [...steps, step];
}

type StepEnd = (typeof FAULTS)[keyof typeof FAULTS];

function stepFault(node: Node, step: string, { code, verb }: StepEnd, tail: string): Reason {
  const words = lastLine(tail);
  return reason(code, `Step ${step} of node ${node.name} ${verb}${words === '' ? '' : `: ${words}`}`, {
    resource: faultResource(node, step),
  });
}

function faultAfter(node: Node, step: string): Reason | undefined {
  return node.fault?.resource === faultResource(node, step) ? undefined : node.fault;
}

function faultResource(node: Node, step: string): string {
  return `node ${node.name}, step ${step}`;
}
