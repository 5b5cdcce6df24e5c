import { shownAddress } from '../../common/db/cluster-members.js';
import type { Cluster } from '../../common/db/clusters.js';
import type { Query } from '../../common/db/database.js';
import { type NodeGroup, nodeGroups } from '../../common/db/node-groups.js';
import { nodes } from '../../common/db/nodes.js';
import { ServiceError } from '../../common/errors.js';
import { isUuid } from '../paging.js';

/** By uuid or name, in a cluster that the caller sees. @throws ServiceError `not_found`. */
export async function findNodeGroup(query: Query, cluster: Pick<Cluster, 'uuid'>, ident = ''): Promise<NodeGroup> {
  const by = isUuid(ident) ? { uuid: ident } : { name: ident };
  const group = await nodeGroups.find(query, { clusterId: cluster.uuid, ...by });
  if (group !== undefined) return group;
  throw new ServiceError('not_found', `Nodegroup ${ident} could not be found.`, { code: 'nodegroup_not_found' });
}

/** Of the nodes that should be in it, as far as they have one. */
export async function nodeAddressesOf(query: Query, group: NodeGroup): Promise<string[]> {
  const members = await nodes.list(query, { nodeGroupId: group.uuid, state: 'wanted' });
  return members.flatMap((node) => shownAddress(node.addresses) ?? []);
}
