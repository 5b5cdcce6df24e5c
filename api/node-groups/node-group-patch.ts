import { z } from 'zod';
import type { Cluster } from '../../common/db/clusters.js';
import type { Query } from '../../common/db/database.js';
import { appendEvent } from '../../common/db/events.js';
import { MASTER_ROLE, type NodeGroup, nodeGroups } from '../../common/db/node-groups.js';
import { refuseGoing } from '../clusters/cluster-resize.js';
import { onLockedCluster } from '../clusters/locked-cluster.js';
import type { Api } from '../deps.js';
import { integer } from '../fields.js';
import { changedAttributes, type Patch, patched } from '../json-patch.js';
import type { ApiRequest, ApiResponse } from '../route.js';
import { type Finding, parse, refuse } from '../validation.js';
import { findNodeGroup, nodeAddressesOf } from './find-node-group.js';
import { boundsProblems } from './node-group-order.js';
import { groupView } from './node-group-view.js';
import { noScheduling, parseScheduling } from './scheduling.js';

type PatchRequest = ApiRequest<undefined, Patch>;

const CHANGEABLE = new Set(['min_node_count', 'max_node_count', 'node_labels', 'node_taints']);

/** Removed, each is what a create without it would have. */
const boundsBody = z.object({ min_node_count: integer(0), max_node_count: integer(0) });

/**
 * Changes the bounds of a group, or what its future nodes are labelled and tainted with. Only the database knows of
 * them, so there is no operation; the status is as after one, since clients wait for it.
 */
export async function patchNodeGroup(api: Api, request: PatchRequest, target: Cluster): Promise<ApiResponse> {
  const { group, addresses } = await onLockedCluster(
    api,
    request,
    target.uuid,
    'nodegroup-patch',
    async (trx, cluster) => {
      const group = await patchLocked(trx, api, request, cluster);
      return { group, addresses: await nodeAddressesOf(trx, group) };
    },
  );
  return { status: 202, body: groupView(group, target, addresses, request.baseUrl) };
}

async function patchLocked(trx: Query, api: Api, request: PatchRequest, cluster: Cluster): Promise<NodeGroup> {
  const group = await findNodeGroup(trx, cluster, request.params.nodegroup);
  refuseGoing(group);
  const before = groupView(group, cluster, [], request.baseUrl);
  const after = patched(before, request.body, {});
  const changed = changedAttributes(before, after);
  refuse(changed.filter((field) => !CHANGEABLE.has(field)).map(refusedField));
  const bounds = parse(boundsBody, after);
  const changes = {
    minNodeCount: bounds.min_node_count ?? 0,
    maxNodeCount: bounds.max_node_count,
    ...parseScheduling(after),
  };
  const wanted = { ...group, ...changes };
  refuse([...boundsProblems(wanted), ...schedulingProblems(api, cluster, wanted)], 'conflict');
  if (changed.length === 0) return group;
  const status = group.status?.endsWith('_COMPLETE') === true ? 'UPDATE_COMPLETE' : group.status;
  const updatedAt = api.clock.now();
  await nodeGroups.update(trx, { uuid: group.uuid }, { ...changes, status, updatedAt });
  await appendEvent(trx, {
    uuid: api.ids.uuid(),
    clusterId: cluster.uuid,
    projectId: cluster.projectId,
    actor: request.identity.userId,
    kind: 'node_group_changed',
    message: `Node group ${group.name} has another ${changed.join(', ')}`,
    details: { changed },
    createdAt: updatedAt,
  });
  return { ...wanted, status, updatedAt };
}

/** Upstream's rule for masters; what a driver can do, for the others. */
function schedulingProblems(api: Api, cluster: Cluster, group: NodeGroup): Finding[] {
  if (group.role !== MASTER_ROLE) return api.clusterTypes.schedulingProblems(cluster.driver, group);
  return noScheduling(group, 'masters have none of their own');
}

function refusedField(field: string): Finding {
  const remedy = field === 'node_count' ? '; resize the group instead' : '';
  return { field, message: `can not be changed, only ${[...CHANGEABLE].join(', ')} can${remedy}` };
}
