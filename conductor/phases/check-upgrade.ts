import type { Node } from '../../common/db/nodes.js';
import { reason } from '../../common/reasons.js';
import { lastLine } from '../../common/scrub.js';
import { reportsOf } from '../health.js';
import { done, type Phase, type PhaseOutcome } from '../phase.js';
import type { Work } from '../work.js';
import { runTask, tasksOfOperation } from './one-task.js';
import { drains, subjectsOf, upgradeOf } from './upgrade-subjects.js';

/** For a node that has just come back from something else to say so. */
const READY_LIMIT_MS = 60_000;
const LOOK_LIMIT_MS = 120_000;
const LOOK_AGAIN_MS = 5000;

/**
 * Before anything changes: every node is well, and a master sees nothing in the way. Looked at once. No quota of the cloud
 * is asked for: no server, port or volume is made. What needs room is the work that moves, and a master sees how much of it
 * the other nodes have.
 */
export const checkUpgrade: Phase = {
  name: 'check_upgrade',
  async run(work) {
    const { params, tasks } = upgradeOf(work);
    const ordered = await tasksOfOperation(work);
    // From then on nodes are not ready now and then, and it would not be said of the cluster as it was.
    if ([...ordered.values()].some(({ name }) => name !== CHECK)) return done;
    const all = await work.nodes();
    const missing = missingNodes(work, all);
    if (missing.length > 0) return notReady(work, missing);
    const { workers } = subjectsOf(all, params);
    const moving = workers.filter((node) => drains(all, node));
    const planned = tasks.check(all, { version: params.version, moving });
    for (const task of planned) {
      const outcome = await runTask(work, ordered, LOOK_LIMIT_MS, task);
      if (outcome.kind === 'wait') return outcome;
      if (outcome.task.state === 'failed') return refused(params.version, lastLine(outcome.task.output));
    }
    return done;
  },
};

const CHECK = 'check-upgrade';

function missingNodes(work: Work, all: readonly Node[]): string[] {
  const wanted = all.filter(({ state }) => state === 'wanted');
  return reportsOf(wanted, work.now(), work.deps.settings.heartbeatMs)
    .filter(({ ready, silent }) => !ready || silent)
    .map(({ name }) => name);
}

function notReady(work: Work, names: string[]): PhaseOutcome {
  const words = `${names.length} nodes are not ready: ${names.slice(0, 5).join(', ')}`;
  if (work.now() - work.operation.createdAt < READY_LIMIT_MS) {
    return { kind: 'wait', afterMs: LOOK_AGAIN_MS, waitingFor: words };
  }
  return { kind: 'failed', reason: reason('upgrade_not_ready', words) };
}

function refused(version: string, why: string): PhaseOutcome {
  return { kind: 'failed', reason: reason('upgrade_not_ready', `the cluster is not ready for ${version}: ${why}`) };
}
