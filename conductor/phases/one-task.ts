import { type NodeTask, nodeTasks } from '../../common/db/node-tasks.js';
import type { NodeTaskPlan } from '../../drivers/driver.js';
import type { Waiting } from '../phase.js';
import type { Work } from '../work.js';
import { order, taskKey } from './node-tasks.js';

const LOOK_AGAIN_MS = 5000;

/** Tasks of the operation by their keys: one query for all questions of one look. */
export type OrderedTasks = ReadonlyMap<string, NodeTask>;

export async function tasksOfOperation(work: Work): Promise<OrderedTasks> {
  const ordered = await work.deps.db.read('tasks of operation', (query) =>
    nodeTasks.list(query, { operationId: work.operation.uuid }),
  );
  return new Map(ordered.map((task) => [task.taskKey, task]));
}

export function findTask(work: Work, ordered: OrderedTasks, task: Pick<NodeTaskPlan, 'name' | 'subject'>) {
  return ordered.get(taskKey(work, task));
}

/** Orders one task, once in an operation, and tells how it ended. Not within the limit is failed. */
export async function runTask(
  work: Work,
  ordered: OrderedTasks,
  limitMs: number,
  planned: NodeTaskPlan,
): Promise<{ kind: 'ended'; task: NodeTask } | Waiting> {
  const task = findTask(work, ordered, planned);
  const waitingFor = `${planned.name} of ${planned.subject}`;
  if (task === undefined) {
    await work.fenced('node task', (trx) => order(work, trx, planned));
    return { kind: 'wait', afterMs: LOOK_AGAIN_MS, waitingFor };
  }
  if (task.state !== 'queued') return { kind: 'ended', task };
  if (work.now() - task.createdAt < limitMs) return { kind: 'wait', afterMs: LOOK_AGAIN_MS, waitingFor };
  const late = { state: 'failed', output: 'not done in time', finishedAt: work.now() } as const;
  await work.fenced('give task up', (trx) => nodeTasks.update(trx, { uuid: task.uuid, state: 'queued' }, late));
  return { kind: 'ended', task: { ...task, ...late } };
}
