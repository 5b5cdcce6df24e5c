import { nodeTasks } from '../../common/db/node-tasks.js';
import type { NodeTaskPlan } from '../../drivers/driver.js';
import type { Phase, PhaseOutcome } from '../phase.js';
import type { Work } from '../work.js';
import { runTasks } from './node-tasks.js';

/** Also a master that has not been heard of for long counts as staying; the operation does not wait for it longer. */
const LIMIT_MS = 120_000;

/** Before masters go: nothing comes to them any more. */
export const withdrawMasters: Phase = {
  name: 'withdraw_masters',
  run: (work) => tellMasters(work, 'before'),
};

/** After masters have come: those that were there before know of them. */
export const announceMasters: Phase = {
  name: 'announce_masters',
  run: (work) => tellMasters(work, 'after'),
};

async function tellMasters(work: Work, moment: 'before' | 'after'): Promise<PhaseOutcome> {
  const planned = work.driver.tasks.tellMasters?.(await work.nodes()) ?? [];
  const news: NodeTaskPlan[] = [];
  for (const task of planned) {
    // One operation may tell a node twice.
    if (!(await knows(work, task))) news.push({ ...task, subject: `${task.subject} (${moment})` });
  }
  return runTasks(work, LIMIT_MS, news);
}

/** What a node was told last counts, by whichever operation. */
async function knows(work: Work, { runOn, name, params, isKnown }: NodeTaskPlan): Promise<boolean> {
  const told = await work.deps.db.read('node tasks', (query) => nodeTasks.list(query, { nodeId: runOn.uuid, name }));
  const last = told.toSorted((a, b) => a.id - b.id).at(-1);
  if (last === undefined) return isKnown === true;
  return last.state === 'succeeded' && JSON.stringify(last.params) === JSON.stringify(params);
}
