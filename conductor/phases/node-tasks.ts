import type { Query } from '../../common/db/database.js';
import { type NodeTask, nodeTasks } from '../../common/db/node-tasks.js';
import type { NodeTaskPlan } from '../../drivers/driver.js';
import { done, type PhaseOutcome } from '../phase.js';
import type { Work } from '../work.js';

const LOOK_AGAIN_MS = 5000;

/** Orders each task once in an operation, and waits for all. After the limit the operation goes on without them. */
export async function runTasks(work: Work, limitMs: number, planned: NodeTaskPlan[]): Promise<PhaseOutcome> {
  if (planned.length === 0) return done;
  await work.fenced('node tasks', async (trx) => {
    for (const task of planned) await order(work, trx, task);
  });
  const open = (await orderedTasks(work, planned)).filter(({ state }) => state === 'queued');
  if (open.length === 0) return done;
  const since = Math.min(...open.map(({ createdAt }) => createdAt));
  if (work.now() - since < limitMs) {
    const waits = planned.filter((task) => open.some(({ taskKey: key }) => key === taskKey(work, task)));
    const subjects = waits.map(({ subject }) => subject).join(', ');
    return { kind: 'wait', afterMs: LOOK_AGAIN_MS, waitingFor: `${open[0]?.name} of ${subjects}` };
  }
  await giveUp(
    work,
    open.map(({ uuid }) => uuid),
    open[0]?.name ?? '',
  );
  return done;
}

/** What was ordered for these plans in this operation, in their order. */
export async function orderedTasks(work: Work, planned: readonly NodeTaskPlan[]): Promise<NodeTask[]> {
  const keys = planned.map((task) => taskKey(work, task));
  return work.deps.db.read('node tasks', async (query) =>
    nodeTasks.fromRows(await nodeTasks.rows(query).whereIn('task_key', keys).orderBy('id')),
  );
}

export function taskKey(work: Work, task: Pick<NodeTaskPlan, 'name' | 'subject'>): string {
  return `${work.operation.uuid}:${task.name}:${task.subject}`;
}

/** Once in an operation. */
export async function order(work: Work, trx: Query, task: NodeTaskPlan): Promise<void> {
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
