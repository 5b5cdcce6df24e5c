import { certificates } from '../../common/db/certificates.js';
import { TASKS_AT_ONCE } from '../../common/db/node-tasks.js';
import { type Node, nodes } from '../../common/db/nodes.js';
import { reason } from '../../common/reasons.js';
import type { NodeTaskPlan } from '../../drivers/driver.js';
import { done, type Phase, type PhaseOutcome } from '../phase.js';
import type { Work } from '../work.js';
import { runTasks } from './node-tasks.js';

/** How long a manager has to make the orchestrator forget a node. It is tidiness: without it the resize still ends. */
const REMOVE_LIMIT_MS = 120_000;
/** From the end of a task until the node has said so and begun the next one. */
const NEXT_TASK_MS = 10_000;
const LOOK_AGAIN_MS = 5000;

/** The work of nodes that are to leave moves first, within the limit. */
export const drainNodes: Phase = {
  name: 'drain_nodes',
  run: (work) => {
    const limitMs = work.deps.settings.drainTimeoutMs;
    return runForLeaving(work, { phase: 'drain_nodes', what: 'to drain', limitMs }, (all, leaving) =>
      work.driver.tasks.drain?.(all, leaving, shareMs(limitMs, leaving.length) / 1000),
    );
  },
};

/** After their servers are gone: the orchestrator forgets them. */
export const removeNodes: Phase = {
  name: 'remove_nodes',
  run: (work) =>
    runForLeaving(work, { phase: 'remove_nodes', what: 'to forget', limitMs: REMOVE_LIMIT_MS }, (all, leaving) =>
      work.driver.tasks.removeNodes?.(all, leaving),
    ),
};

/** What one may take of the limit, so that each has its turn: as many as a master takes at once go side by side. */
function shareMs(limitMs: number, count: number): number {
  const turns = Math.ceil(count / TASKS_AT_ONCE);
  return turns === 1 ? limitMs : Math.max(1000, Math.floor(limitMs / turns / 1000) * 1000 - NEXT_TASK_MS);
}

/** And so does Bayou. */
export const forgetNodes: Phase = {
  name: 'forget_nodes',
  async run(work) {
    await work.fenced('forget nodes', async (trx) => {
      const leaving = await nodes.list(trx, { clusterId: work.cluster.uuid, state: 'leaving' });
      for (const node of leaving) {
        await certificates.delete(trx, { nodeId: node.uuid });
        await nodes.delete(trx, { uuid: node.uuid });
        await work.event(trx, 'node_left', `Node ${node.name} has left`);
      }
    });
    return done;
  },
};

type Plan = (all: Node[], leaving: Node[]) => NodeTaskPlan[] | undefined;

interface Leaving {
  phase: string;
  /** In a sentence about nodes. */
  what: string;
  limitMs: number;
}

/** A node that never enrolled has no work, and the orchestrator does not know it. */
async function runForLeaving(work: Work, { phase, what, limitMs }: Leaving, plan: Plan): Promise<PhaseOutcome> {
  const all = await work.nodes();
  const leaving = all.filter(({ state, enrolledAt }) => state === 'leaving' && enrolledAt !== undefined);
  if (leaving.length === 0) return done;
  const planned = plan(all, leaving);
  if (planned === undefined) return done;
  if (planned.length > 0) return runTasks(work, limitMs, planned);
  const names = leaving.map(({ name }) => name);
  const message = `no master is ready ${what} ${names.length} nodes: ${names.slice(0, 5).join(', ')}`;
  if (work.now() - beganAt(work, phase) >= limitMs) return goOnWithout(work, message);
  return { kind: 'wait', afterMs: LOOK_AGAIN_MS, waitingFor: message, reason: reason('masters_not_ready', message) };
}

/** Its first look in this operation. */
function beganAt(work: Work, phase: string): number {
  return work.operation.progress.findLast((entry) => entry.phase === phase)?.startedAt ?? work.now();
}

async function goOnWithout(work: Work, message: string): Promise<PhaseOutcome> {
  await work.fenced('give tasks up', (trx) =>
    work.event(trx, 'task_gave_up', `${message}; the operation goes on without`),
  );
  return done;
}
