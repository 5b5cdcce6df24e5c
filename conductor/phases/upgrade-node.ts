import { nodeGroups } from '../../common/db/node-groups.js';
import { type Node, nodes } from '../../common/db/nodes.js';
import { type Reason, reason } from '../../common/reasons.js';
import { lastLine } from '../../common/scrub.js';
import type { NodeTaskPlan } from '../../drivers/driver.js';
import type { Waiting } from '../phase.js';
import type { Work } from '../work.js';
import { readInfrastructure } from './infrastructure.js';
import { findTask, type OrderedTasks, runTask } from './one-task.js';
import { drains, upgradeOf } from './upgrade-subjects.js';

/** It fetches some hundred megabytes, and waits for its services; beyond it nobody knows how it is. */
const CHANGE_LIMIT_MS = 900_000;
/** From the task's end to the heartbeat that says the new version. */
const SERVE_LIMIT_MS = 120_000;
const RESUME_LIMIT_MS = 120_000;
/** The script that drains comes to an end by itself. */
const DRAIN_GRACE_MS = 60_000;
const LOOK_AGAIN_MS = 5000;

/** What one look at the operation has found. */
export interface UpgradeLook {
  work: Work;
  all: readonly Node[];
  ordered: OrderedTasks;
}

export type NodeOutcome =
  | { kind: 'done' }
  | (Waiting & { isGoingBack?: boolean })
  | { kind: 'failed'; reason: Reason; faults: Record<string, string> };

/**
 * One node: its work moves, it changes, serves, is written down as changed, and takes work again. One that fails goes
 * back to what it had, and takes work again. Each part is a task, ordered once, so that any look finds where it is.
 */
export async function upgradeNode(look: UpgradeLook, node: Node): Promise<NodeOutcome> {
  const { params, tasks } = upgradeOf(look.work);
  if (!tasks.isOf(node.nodeData, params.version)) {
    const released = await release(look, node);
    if (released.kind === 'wait') return released;
    const changed = await change(look, node);
    if (changed.kind === 'wait') return changed;
    if (changed.kind === 'failed') return goBack(look, node, changed.why);
    await record(look.work, node, changed.nodeData, released.left);
  }
  const resumed = await resume(look, node);
  if (resumed.kind !== 'failed') return resumed;
  return failure(node, `has changed, and does not take work: ${resumed.why}`);
}

/** Whether this operation has done anything with it. */
export function hasBegun({ work, ordered }: UpgradeLook, { name }: Node): boolean {
  return ['drain', 'upgrade'].some((task) => findTask(work, ordered, { name: task, subject: name }) !== undefined);
}

type Ended<T> = ({ kind: 'done' } & T) | { kind: 'failed'; why: string } | Waiting;

async function run(
  { work, ordered }: UpgradeLook,
  planned: readonly NodeTaskPlan[],
  limitMs: number,
): Promise<Ended<object>> {
  const [task] = planned;
  if (task === undefined) return waitFor('a master that is ready');
  const outcome = await runTask(work, ordered, limitMs, task);
  if (outcome.kind === 'wait') return outcome;
  return outcome.task.state === 'succeeded'
    ? { kind: 'done' }
    : { kind: 'failed', why: lastLine(outcome.task.output) || 'no word' };
}

function waitFor(waitingFor: string): Waiting {
  return { kind: 'wait', afterMs: LOOK_AGAIN_MS, waitingFor };
}

/** What does not move within the limit stays: its containers go on while the node changes. */
async function release(look: UpgradeLook, node: Node): Promise<{ kind: 'done'; left: string } | Waiting> {
  if (!drains(look.all, node)) return { kind: 'done', left: '' };
  const { tasks } = upgradeOf(look.work);
  const { drainTimeoutMs } = look.work.deps.settings;
  const planned = tasks.release(look.all, node, drainTimeoutMs / 1000);
  const outcome = await run(look, planned, drainTimeoutMs + DRAIN_GRACE_MS);
  if (outcome.kind === 'failed') return { kind: 'done', left: `; it changed with work on it: ${outcome.why}` };
  return outcome.kind === 'wait' ? outcome : { kind: 'done', left: '' };
}

async function resume(look: UpgradeLook, node: Node): Promise<Ended<object>> {
  if (!drains(look.all, node)) return { kind: 'done' };
  return run(look, upgradeOf(look.work).tasks.resume(look.all, node), RESUME_LIMIT_MS);
}

/** A task that says it has succeeded is believed when the node says so itself. */
async function change(look: UpgradeLook, node: Node): Promise<Ended<{ nodeData: Record<string, unknown> }>> {
  const { work, ordered } = look;
  const { params, tasks } = upgradeOf(work);
  const nodeData = await wantedNodeData(work, node);
  const task = tasks.upgrade(node, nodeData);
  const outcome = await run(look, [task], CHANGE_LIMIT_MS);
  if (outcome.kind !== 'done') return outcome;
  if (tasks.serves(node, params.version)) return { kind: 'done', nodeData };
  const endedAt = findTask(work, ordered, task)?.finishedAt ?? 0;
  if (work.now() - endedAt < SERVE_LIMIT_MS) return waitFor(`${node.name} to serve ${params.version}`);
  return { kind: 'failed', why: `it does not say that it serves ${params.version}` };
}

/** What a node of this group would be told that is made now, with the labels that the group is to get. */
async function wantedNodeData(work: Work, node: Node): Promise<Record<string, unknown>> {
  const { params } = upgradeOf(work);
  const [spec, infrastructure] = await Promise.all([work.spec(), readInfrastructure(work)]);
  const groups = spec.groups.map((group) =>
    params.nodeGroupIds.includes(group.uuid) ? { ...group, labels: { ...group.labels, ...params.labels } } : group,
  );
  const { settings } = work.driver.planNode({ ...spec, groups }, infrastructure, node);
  return { ...node.nodeData, settings };
}

/** From its first node on, a group's new nodes have the version, too. */
async function record(work: Work, node: Node, nodeData: Record<string, unknown>, left: string): Promise<void> {
  const { params } = upgradeOf(work);
  await work.fenced('node upgraded', async (trx) => {
    await nodes.update(trx, { uuid: node.uuid }, { nodeData, updatedAt: work.now() });
    const group = await nodeGroups.find(trx, { uuid: node.nodeGroupId });
    const labels = { ...group?.labels, ...params.labels };
    await nodeGroups.update(trx, { uuid: node.nodeGroupId }, { labels, version: params.version });
    await work.event(trx, 'node_upgraded', `Node ${node.name} runs ${params.version}${left}`);
  });
}

async function goBack(look: UpgradeLook, node: Node, why: string): Promise<NodeOutcome> {
  const { params, tasks } = upgradeOf(look.work);
  const undone = await run(look, [tasks.undo(node, params.version)], CHANGE_LIMIT_MS);
  if (undone.kind === 'wait') return { ...undone, isGoingBack: true };
  const resumed = await resume(look, node);
  if (resumed.kind === 'wait') return { ...resumed, isGoingBack: true };
  const now = [
    undone.kind === 'failed' ? `it could not go back: ${undone.why}` : 'it went back to what it had',
    ...(resumed.kind === 'failed' ? [`it does not take work: ${resumed.why}`] : []),
  ];
  return failure(node, `did not get ${params.version}: ${why}; ${now.join('; ')}`);
}

function failure({ name }: Node, words: string): NodeOutcome {
  const why = reason('upgrade_failed', `node ${name} ${words}`, { resource: `node ${name}` });
  return { kind: 'failed', reason: why, faults: { [name]: why.message } };
}
