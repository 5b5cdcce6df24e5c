import { clusters } from '../../common/db/clusters.js';
import { nodeGroups } from '../../common/db/node-groups.js';
import type { Node } from '../../common/db/nodes.js';
import { done, type Phase, type PhaseOutcome } from '../phase.js';
import type { Work } from '../work.js';
import { tasksOfOperation } from './one-task.js';
import { hasBegun, type NodeOutcome, upgradeNode } from './upgrade-node.js';
import { subjectsOf, upgradeOf } from './upgrade-subjects.js';

/**
 * One by one: the next begins when the one before serves the new version. Whoever fails goes back, and the operation
 * ends there: nodes that have changed stay changed, for the APIs of a cluster may be of two versions, and its workers
 * older than they.
 */
export const upgradeMasters: Phase = {
  name: 'upgrade_masters',
  async run(work) {
    const { params } = upgradeOf(work);
    const all = await work.nodes();
    const { masters } = subjectsOf(all, params);
    const outcome = await inTurn(work, all, masters, 1);
    if (outcome.kind === 'done' && masters.length > 0) await noteVersion(work, params.version);
    return outcome;
  },
};

/** One worker tries what is new before the others have it. */
export const upgradeCanary: Phase = {
  name: 'upgrade_canary',
  async run(work) {
    const { params, tasks } = upgradeOf(work);
    const all = await work.nodes();
    const { workers } = subjectsOf(all, params);
    const canary = workers.find(({ nodeData }) => tasks.isOf(nodeData, params.version)) ?? workers[0];
    return canary === undefined ? done : inTurn(work, all, [canary], 1);
  },
};

/** The others, never more at a time than the caller allowed. */
export const upgradeWorkers: Phase = {
  name: 'upgrade_workers',
  async run(work) {
    const { params } = upgradeOf(work);
    const all = await work.nodes();
    const { workers } = subjectsOf(all, params);
    const outcome = await inTurn(work, all, workers, params.maxBatchSize);
    if (outcome.kind === 'done') await noteGroups(work);
    return outcome;
  },
};

/** Once one has failed, only what has been begun with others goes on to its end. */
async function inTurn(
  work: Work,
  all: readonly Node[],
  subjects: readonly Node[],
  atOnce: number,
): Promise<PhaseOutcome> {
  const look = { work, all, ordered: await tasksOfOperation(work) };
  const inHand: Exclude<NodeOutcome, { kind: 'done' }>[] = [];
  let hasFailed = false;
  for (const node of subjects) {
    if (inHand.length >= atOnce) break;
    if (hasFailed && !hasBegun(look, node)) continue;
    const outcome = await upgradeNode(look, node);
    if (outcome.kind === 'done') continue;
    hasFailed ||= outcome.kind === 'failed' || outcome.isGoingBack === true;
    inHand.push(outcome);
  }
  const waits = inHand.filter((outcome) => outcome.kind === 'wait');
  const [first] = waits;
  if (first !== undefined) return { ...first, waitingFor: waits.map(({ waitingFor }) => waitingFor).join(', ') };
  return inHand[0] ?? done;
}

/** Seen from now on, even when a worker fails later: it is what the cluster's API is. */
async function noteVersion(work: Work, version: string): Promise<void> {
  if (work.cluster.coeVersion === version) return;
  await work.fenced('version of masters', (trx) =>
    clusters.update(trx, { uuid: work.cluster.uuid }, { coeVersion: version, containerVersion: version }),
  );
}

/** Also of groups without nodes. */
async function noteGroups(work: Work): Promise<void> {
  const { params } = upgradeOf(work);
  await work.fenced('version of groups', async (trx) => {
    for (const { uuid, labels } of await nodeGroups.list(trx, { clusterId: work.cluster.uuid })) {
      if (!params.nodeGroupIds.includes(uuid)) continue;
      await nodeGroups.update(trx, { uuid }, { labels: { ...labels, ...params.labels }, version: params.version });
    }
  });
}
