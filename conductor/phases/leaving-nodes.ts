import type { Node } from '../../common/db/nodes.js';
import { nodes } from '../../common/db/nodes.js';
import type { NodeTaskPlan } from '../../drivers/driver.js';
import { done, type Phase, type PhaseOutcome } from '../phase.js';
import type { Work } from '../work.js';
import { runTasks } from './node-tasks.js';

/** How long a manager has to make the orchestrator forget a node. It is tidiness: without it the resize still ends. */
const REMOVE_LIMIT_MS = 120_000;

/** The work of nodes that are to leave moves first, within the limit. */
export const drainNodes: Phase = {
  name: 'drain_nodes',
  run: (work) =>
    runForLeaving(work, work.deps.settings.drainTimeoutMs, (all, leaving) =>
      work.driver.tasks.drain?.(all, leaving, work.deps.settings.drainTimeoutMs / 1000),
    ),
};

/** After their servers are gone: the orchestrator forgets them. */
export const removeNodes: Phase = {
  name: 'remove_nodes',
  run: (work) => runForLeaving(work, REMOVE_LIMIT_MS, (all, leaving) => work.driver.tasks.removeNodes?.(all, leaving)),
};

/** And so does Bayou. */
export const forgetNodes: Phase = {
  name: 'forget_nodes',
  async run(work) {
    await work.fenced('forget nodes', async (trx) => {
      const leaving = await nodes.list(trx, { clusterId: work.cluster.uuid, state: 'leaving' });
      for (const node of leaving) {
        await nodes.delete(trx, { uuid: node.uuid });
        await work.event(trx, 'node_left', `Node ${node.name} has left`);
      }
    });
    return done;
  },
};

type Plan = (all: Node[], leaving: Node[]) => NodeTaskPlan[] | undefined;

async function runForLeaving(work: Work, limitMs: number, plan: Plan): Promise<PhaseOutcome> {
  const all = await work.nodes();
  const leaving = all.filter(({ state }) => state === 'leaving');
  return leaving.length === 0 ? done : runTasks(work, limitMs, plan(all, leaving) ?? []);
}
