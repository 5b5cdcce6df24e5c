import type { Query } from '../../common/db/database.js';
import { nodeTasks } from '../../common/db/node-tasks.js';
import { type Node, nodes } from '../../common/db/nodes.js';
import type { NodeTaskPlan } from '../../drivers/driver.js';
import { done, type Phase, type PhaseOutcome } from '../phase.js';
import type { Work } from '../work.js';

const LOOK_AGAIN_MS = 5000;
/** How long a manager has to make the orchestrator forget a node. It is tidiness: without it the resize still ends. */
const REMOVE_LIMIT_MS = 120_000;

/** The work of nodes that are to leave moves first, within the limit. */
export const drainNodes: Phase = {
  name: 'drain_nodes',
  run: (work) =>
    runTasks(work, work.deps.settings.drainTimeoutMs, (all, leaving) =>
      work.driver.tasks.drain?.(all, leaving, work.deps.settings.drainTimeoutMs / 1000),
    ),
};

/** After their servers are gone: the orchestrator forgets them. */
export const removeNodes: Phase = {
  name: 'remove_nodes',
  run: (work) => runTasks(work, REMOVE_LIMIT_MS, (all, leaving) => work.driver.tasks.removeNodes?.(all, leaving)),
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

async function runTasks(work: Work, limitMs: number, plan: Plan): Promise<PhaseOutcome> {
  const all = await work.nodes();
  const leaving = all.filter(({ state }) => state === 'leaving');
  const planned = leaving.length === 0 ? [] : (plan(all, leaving) ?? []);
  if (planned.length === 0) return done;
  await work.fenced('node tasks', async (trx) => {
    for (const task of planned) await order(work, trx, task);
  });
  const keys = planned.map((task) => taskKey(work, task));
  const ordered = await work.deps.db.read('node tasks', async (query) =>
    nodeTasks.fromRows(await nodeTasks.rows(query).whereIn('task_key', keys).orderBy('id')),
  );
  const open = ordered.filter(({ state }) => state === 'queued');
  if (open.length === 0) return done;
  const since = Math.min(...open.map(({ createdAt }) => createdAt));
  if (work.now() - since < limitMs) {
    const subjects = open.map(({ params }) => params.node).join(', ');
    return { kind: 'wait', afterMs: LOOK_AGAIN_MS, waitingFor: `${open[0]?.name} of ${subjects}` };
  }
  await giveUp(
    work,
    open.map(({ uuid }) => uuid),
    open[0]?.name ?? '',
  );
  return done;
}

function taskKey(work: Work, task: NodeTaskPlan): string {
  return `${work.operation.uuid}:${task.name}:${task.subject}`;
}

async function order(work: Work, trx: Query, task: NodeTaskPlan): Promise<void> {
  const key = taskKey(work, task);
  if ((await nodeTasks.find(trx, { taskKey: key })) !== undefined) return;
  await nodeTasks.insert(trx, {
    uuid: work.deps.ids.uuid(),
    clusterId: work.cluster.uuid,
    operationId: work.operation.uuid,
    nodeId: task.runOn.uuid,
    taskKey: key,
    name: task.name,
    params: task.params,
    state: 'queued',
    output: '',
    createdAt: work.now(),
  });
}

/** The limit was promised to be the limit: the operation goes on, and says so. */
async function giveUp(work: Work, taskIds: string[], name: string): Promise<void> {
  await work.fenced('give tasks up', async (trx) => {
    for (const uuid of taskIds) {
      await nodeTasks.update(trx, { uuid }, { state: 'failed', output: 'not done in time', finishedAt: work.now() });
    }
    await work.event(
      trx,
      'task_gave_up',
      `${taskIds.length} tasks "${name}" did not end in time; the operation goes on without them`,
    );
  });
}
