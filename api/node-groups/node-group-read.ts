import type { z } from 'zod';
import type { Cluster } from '../../common/db/clusters.js';
import { nodeGroups } from '../../common/db/node-groups.js';
import { everything } from '../../common/db/scope.js';
import type { Api } from '../deps.js';
import { text } from '../fields.js';
import { listOfCluster, pageBody, pageOf, pageQuery } from '../paging.js';
import type { ApiRequest, ApiResponse, Caller } from '../route.js';
import { findNodeGroup, nodeAddressesOf } from './find-node-group.js';
import { groupSummary, groupView } from './node-group-view.js';

const sortable = ['uuid', 'name', 'role', 'node_count', 'flavor_id', 'image_id', 'status', 'created_at', 'updated_at'];

export const nodeGroupListQuery = pageQuery(sortable).extend({ role: text() });

export async function listNodeGroups(
  api: Api,
  request: ApiRequest<z.output<typeof nodeGroupListQuery>, undefined>,
  cluster: Cluster,
): Promise<ApiResponse> {
  const { role } = request.query;
  const page = pageOf(request.query, api.config.api.maxLimit);
  const filters: Record<string, string> = role === undefined ? {} : { role };
  // The cluster was found within the caller's scope; its groups have no user of their own.
  const rows = await api.db.read('nodegroup-list', (query) =>
    listOfCluster(nodeGroups, everything, query, cluster.uuid, page, filters),
  );
  const path = `${request.baseUrl}/v1/clusters/${cluster.uuid}/nodegroups`;
  return { status: 200, body: pageBody('nodegroups', rows, groupSummary, page, path, filters) };
}

export async function showNodeGroup(api: Api, request: Caller, cluster: Cluster): Promise<ApiResponse> {
  const { group, addresses } = await api.db.read('nodegroup-show', async (query) => {
    const found = await findNodeGroup(query, cluster, request.params.nodegroup);
    return { group: found, addresses: await nodeAddressesOf(query, found) };
  });
  return { status: 200, body: groupView(group, cluster, addresses, request.baseUrl) };
}
