import { MASTER_ROLE } from '../../common/db/node-groups.js';
import type { Node } from '../../common/db/nodes.js';
import { ServiceError } from '../../common/errors.js';
import { type Reason, reason } from '../../common/reasons.js';
import { lastLine } from '../../common/scrub.js';
import type { RotationTasks } from '../../drivers/driver.js';
import { done, type PhaseOutcome, type Waiting } from '../phase.js';
import type { Work } from '../work.js';
import { findTask, type OrderedTasks, runTask, tasksOfOperation } from './one-task.js';

/** A worker's own services start again, and its pods go on: only so that not all are away when something is wrong. */
const WORKERS_AT_ONCE = 10;
/** Its certificates are missed by nobody meanwhile: a node that is silent has until the operation's deadline. */
const NO_LIMIT_MS = Number.POSITIVE_INFINITY;
const WORKLOADS_LIMIT_MS = 900_000;
const LOOK_AGAIN_MS = 5000;

/** Masters one by one, then workers, several at a time. Once one has failed, only what is in hand goes on to its end. */
export async function followInTurn(work: Work, subjects: readonly Node[], stage: string): Promise<PhaseOutcome> {
  const ordered = await tasksOfOperation(work);
  const inOrder = subjects.toSorted((a, b) => a.ordinal - b.ordinal);
  const masters = await follow(work, ordered, inOrder.filter(isMaster), stage, 1);
  if (masters.kind !== 'done') return masters;
  const workers = inOrder.filter((node) => !isMaster(node));
  return follow(work, ordered, workers, stage, WORKERS_AT_ONCE);
}

function isMaster({ role }: Node): boolean {
  return role === MASTER_ROLE;
}

async function follow(
  work: Work,
  ordered: OrderedTasks,
  subjects: readonly Node[],
  stage: string,
  atOnce: number,
): Promise<PhaseOutcome> {
  const waiting: Node[] = [];
  let failed: { node: Node; output: string } | undefined;
  for (const node of subjects) {
    if (waiting.length >= atOnce) break;
    const task = rotationTasks(work).follow(node, stage);
    if (failed !== undefined && findTask(work, ordered, task) === undefined) continue;
    const outcome = await runTask(work, ordered, NO_LIMIT_MS, task);
    if (outcome.kind === 'wait') waiting.push(node);
    else if (outcome.task.state === 'failed') failed ??= { node, output: outcome.task.output };
  }
  if (waiting.length > 0) return waitFor(waiting);
  return failed === undefined ? done : failure(failed.node, lastLine(failed.output) || 'no word');
}

function waitFor(nodes: readonly Node[]): Waiting {
  const names = nodes.map(({ name }) => name).join(', ');
  return {
    kind: 'wait',
    afterMs: LOOK_AGAIN_MS,
    waitingFor: `certificates of ${names}`,
    onTimeout: failed(`nothing was heard of the new certificates of ${names}`, nodes[0]),
  };
}

function failure(node: Node, why: string): PhaseOutcome {
  const words = failed(`node ${node.name} did not come to the new certificates: ${why}`, node);
  return { kind: 'failed', reason: words, faults: { [node.name]: words.message } };
}

function failed(message: string, node: Node | undefined): Reason {
  return reason('rotation_failed', message, node === undefined ? {} : { resource: `node ${node.name}` });
}

/** What keeps a cluster's owner from having it is the owner's own, such as a right taken away: told, and no failure. */
export async function renewWorkloads(work: Work, nodes: readonly Node[], stage: string): Promise<PhaseOutcome> {
  const ordered = await tasksOfOperation(work);
  const [task] = rotationTasks(work).renewWorkloads(nodes, stage);
  if (task === undefined) return { kind: 'wait', afterMs: LOOK_AGAIN_MS, waitingFor: 'a master that is ready' };
  const outcome = await runTask(work, ordered, WORKLOADS_LIMIT_MS, task);
  if (outcome.kind === 'wait') return outcome;
  if (outcome.task.state === 'failed') await tellLeft(work, lastLine(outcome.task.output));
  return done;
}

async function tellLeft(work: Work, why: string): Promise<void> {
  const words = `What runs in the cluster was not told of its certificate authorities: ${why || 'no word'}; restart the add-ons`;
  await work.fenced('workloads left', (trx) => work.event(trx, 'ca_workloads_left', words));
}

function rotationTasks({ driver, operation }: Work): RotationTasks {
  const { rotateCa } = driver.tasks;
  if (rotateCa !== undefined) return rotateCa;
  throw new ServiceError('internal', `The operation ${operation.uuid} is none that driver ${driver.name} can do`);
}
