import type { Query } from '../../common/db/database.js';
import { type NodeGroup, nodeGroups } from '../../common/db/node-groups.js';
import { isNamed, type Node, nodes } from '../../common/db/nodes.js';
import { nodeName } from '../names.js';
import { done, type Phase } from '../phase.js';
import type { Work } from '../work.js';

/**
 * Brings the rows of nodes to the desired counts: new rows for nodes to be made, `leaving` on those
 * that are to go. Rows come first: a machine without a row may not enrol.
 */
export const chooseNodes: Phase = {
  name: 'choose_nodes',
  async run(work) {
    await work.fenced('choose nodes', async (trx) => {
      const groups = await nodeGroups.list(trx, { clusterId: work.cluster.uuid });
      for (const group of groups) await chooseInGroup(work, trx, group);
    });
    return done;
  },
};

async function chooseInGroup(work: Work, trx: Query, group: NodeGroup): Promise<void> {
  const wanted = await nodes.list(trx, { nodeGroupId: group.uuid, state: 'wanted' });
  const named = wanted.filter((node) => isChosen(work, group, node));
  const staying = wanted.filter((node) => !named.includes(node));
  const surplus = byUselessness(work, staying).slice(0, Math.max(0, staying.length - group.nodeCount));
  for (const node of [...named, ...surplus]) {
    await nodes.update(trx, { uuid: node.uuid }, { state: 'leaving', updatedAt: work.now() });
    await work.event(trx, 'node_leaving', `Node ${node.name} is to leave`);
  }
  const missing = Math.max(0, group.nodeCount - staying.length);
  for (let index = 0; index < missing; index++) await addNode(work, trx, group, group.nextOrdinal + index);
  if (missing > 0) await nodeGroups.update(trx, { uuid: group.uuid }, { nextOrdinal: group.nextOrdinal + missing });
}

/** Whether the caller chose this node. Nodes made by this very operation are not meant. */
function isChosen(work: Work, group: NodeGroup, node: Node): boolean {
  const { nodeGroupId, nodesToRemove = [] } = work.operation.params;
  if (nodeGroupId !== group.uuid || node.createdAt >= work.operation.createdAt) return false;
  return isNamed(node, nodesToRemove);
}

/** Those that are not ready go first, then those that have nothing to do, then the youngest. */
function byUselessness({ driver }: Work, candidates: Node[]): Node[] {
  const isBusy = (node: Node) => driver.isIdle?.(node) !== true;
  return candidates.toSorted(
    (a, b) => Number(a.ready) - Number(b.ready) || Number(isBusy(a)) - Number(isBusy(b)) || b.ordinal - a.ordinal,
  );
}

async function addNode(work: Work, trx: Query, group: NodeGroup, ordinal: number): Promise<void> {
  await nodes.insert(trx, {
    uuid: work.deps.ids.uuid(),
    clusterId: work.cluster.uuid,
    projectId: work.cluster.projectId,
    nodeGroupId: group.uuid,
    name: nodeName(work.namePrefix, group, ordinal),
    role: group.role,
    ordinal,
    state: 'wanted',
    nodeData: {},
    certificateProfiles: {},
    addresses: {},
    steps: [],
    ready: false,
    load: {},
    orchestrator: {},
    createdAt: work.now(),
  });
}
