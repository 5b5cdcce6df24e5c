import { z } from 'zod';
import { shownAddress } from '../common/db/cluster-members.js';
import type { Cluster } from '../common/db/clusters.js';
import { type NodeGroup, nodeGroups } from '../common/db/node-groups.js';
import { nodes } from '../common/db/nodes.js';
import { everything } from '../common/db/scope.js';
import { ServiceError } from '../common/errors.js';
import { loadCluster } from './clusters/find-cluster.js';
import type { Api } from './deps.js';
import { text } from './fields.js';
import { isUuid, listOfCluster, pageBody, pageOf, pageQuery } from './paging.js';
import { type ApiRequest, type ApiResponse, type Caller, route } from './route.js';
import { unsupported } from './unsupported.js';
import { isoTime, labelsDifference, links } from './view-values.js';

const NODE_GROUPS_SINCE = 9;
const COLLECTION = '/v1/clusters/{cluster}/nodegroups';

const sortable = ['uuid', 'name', 'role', 'node_count', 'flavor_id', 'image_id', 'status', 'created_at', 'updated_at'];
const listQuery = pageQuery(sortable).extend({ role: text() });

/** The bounds are upstream's defaults, whatever is stored: clients take them from the full view. */
function groupSummary(group: NodeGroup) {
  return {
    uuid: group.uuid,
    name: group.name,
    flavor_id: group.flavorId ?? null,
    image_id: group.imageId ?? null,
    node_count: group.nodeCount,
    role: group.role,
    is_default: group.isDefault,
    status: group.status ?? null,
    stack_id: group.stackId ?? null,
    min_node_count: 0,
    max_node_count: null,
    merge_labels: false,
  };
}

function groupView(group: NodeGroup, cluster: Cluster, addresses: string[], baseUrl: string) {
  return {
    id: group.id,
    ...groupSummary(group),
    min_node_count: group.minNodeCount,
    max_node_count: group.maxNodeCount ?? null,
    cluster_id: group.clusterId,
    project_id: group.projectId,
    node_addresses: addresses,
    labels: group.labels,
    ...labelsDifference(group.labels, cluster.labels),
    node_labels: group.nodeLabels,
    node_taints: group.nodeTaints,
    docker_volume_size: group.dockerVolumeSize ?? null,
    status_reason: group.statusReason ?? null,
    version: group.version ?? null,
    created_at: isoTime(group.createdAt),
    updated_at: isoTime(group.updatedAt),
    links: links(baseUrl, `clusters/${group.clusterId}/nodegroups/${group.uuid}`),
  };
}

async function list(
  api: Api,
  request: ApiRequest<z.output<typeof listQuery>, undefined>,
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

async function show(api: Api, request: Caller, cluster: Cluster): Promise<ApiResponse> {
  const ident = request.params.nodegroup ?? '';
  const by = isUuid(ident) ? { uuid: ident } : { name: ident };
  const { group, members } = await api.db.read('nodegroup-show', async (query) => {
    const found = await nodeGroups.find(query, { clusterId: cluster.uuid, ...by });
    return {
      group: found,
      members: found === undefined ? [] : await nodes.list(query, { nodeGroupId: found.uuid, state: 'wanted' }),
    };
  });
  if (group === undefined) {
    throw new ServiceError('not_found', `Nodegroup ${ident} could not be found.`, { code: 'nodegroup_not_found' });
  }
  const addresses = members.flatMap((node) => shownAddress(node.addresses) ?? []);
  return { status: 200, body: groupView(group, cluster, addresses, request.baseUrl) };
}

const changes = { since: NODE_GROUPS_SINCE, load: loadCluster, body: z.unknown() };

export const nodeGroupRoutes = [
  route({
    method: 'GET',
    path: COLLECTION,
    since: NODE_GROUPS_SINCE,
    policy: 'nodegroup:get_all',
    allProjects: 'nodegroup:get_all_all_projects',
    load: loadCluster,
    query: listQuery,
    handler: list,
  }),
  route({
    method: 'GET',
    path: `${COLLECTION}/{nodegroup}`,
    since: NODE_GROUPS_SINCE,
    policy: 'nodegroup:get',
    allProjects: 'nodegroup:get_one_all_projects',
    load: loadCluster,
    handler: show,
  }),
  route({
    ...changes,
    method: 'POST',
    path: COLLECTION,
    policy: 'nodegroup:create',
    handler: unsupported('Creating a node group'),
  }),
  route({
    ...changes,
    method: 'PATCH',
    path: `${COLLECTION}/{nodegroup}`,
    policy: 'nodegroup:update',
    handler: unsupported('Changing a node group'),
  }),
  route({
    method: 'DELETE',
    path: `${COLLECTION}/{nodegroup}`,
    since: NODE_GROUPS_SINCE,
    policy: 'nodegroup:delete',
    load: loadCluster,
    handler: unsupported('Deleting a node group'),
  }),
];
