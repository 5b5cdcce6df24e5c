import type { Query } from '../../common/db/database.js';
import { MASTER_ROLE } from '../../common/db/node-groups.js';
import { type Node, nodes } from '../../common/db/nodes.js';

/**
 * What a machine is told that takes the place of a node: what that node was told last, with the masters that there are
 * now, and, where the node had a past, that the machine has none: what its steps would begin in a new cluster they then
 * join, or refuse.
 */
export async function presentNodeData(query: Query, node: Node): Promise<Node['nodeData']> {
  const { clusterId, enrolledAt, nodeData } = node;
  const settings = { ...(nodeData.settings as Record<string, unknown> | undefined) };
  if (Array.isArray(settings.masters)) {
    const masters = await nodes.list(query, { clusterId, role: MASTER_ROLE, state: 'wanted' });
    settings.masters = masters.flatMap(({ name, addresses }) =>
      addresses.private === undefined ? [] : [{ name, address: addresses.private }],
    );
  }
  return { ...nodeData, settings, ...(enrolledAt === undefined ? {} : { rebuilt: true }) };
}
