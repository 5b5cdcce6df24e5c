import type { NodeFinding } from '../../common/db/diagnostics.js';
import { MASTER_ROLE } from '../../common/db/node-groups.js';
import type { Node } from '../../common/db/nodes.js';
import { isSilent } from '../health.js';

/** What one bundle holds; those that tell least are left out. */
const MAX_NODES = 20;

/** Those that were named, or those that are likely to tell why: with a fault, not ready, silent, masters, all others. */
export function chooseNodes(all: readonly Node[], wanted: readonly string[], now: number, heartbeatMs: number): Node[] {
  const rank = (node: Node) => {
    if (node.fault !== undefined) return 0;
    if (!node.ready) return 1;
    if (isSilent(node, now, heartbeatMs)) return 2;
    return node.role === MASTER_ROLE ? 3 : 4;
  };
  return all
    .filter(({ uuid }) => wanted.length === 0 || wanted.includes(uuid))
    .toSorted((a, b) => rank(a) - rank(b) || a.id - b.id)
    .slice(0, MAX_NODES);
}

export function newFinding({ uuid, name, steps }: Node): NodeFinding {
  const step = steps.findLast(({ status }) => status !== 'done')?.name;
  return { nodeId: uuid, name, problems: [], isEnded: false, ...(step === undefined ? {} : { step }) };
}
