import type { z } from 'zod';
import { listMembers, listTemplateLabels } from '../../common/db/cluster-members.js';
import { type Cluster, listClusterSummaries, listClusters, type ShownWithTemplate } from '../../common/db/clusters.js';
import type { Api } from '../deps.js';
import { clusterFilters, filtersOf } from '../list-filters.js';
import { pageBody, pageOf, pageQuery } from '../paging.js';
import type { ApiRequest, ApiResponse, Caller } from '../route.js';
import { clusterSummary, clusterView, singleClusterView } from './cluster-view.js';

export const clusterListQuery = pageQuery([
  'uuid',
  'name',
  'cluster_template_id',
  'status',
  'status_reason',
  'health_status',
  'keypair',
  'docker_volume_size',
  'flavor_id',
  'master_flavor_id',
  'fixed_network',
  'fixed_subnet',
  'floating_ip_enabled',
  'master_lb_enabled',
  'create_timeout',
  'stack_id',
  'api_address',
  'discovery_url',
  'coe_version',
  'container_version',
  'project_id',
  'user_id',
  'created_at',
  'updated_at',
]).extend(clusterFilters);

type ListRequest = ApiRequest<z.output<typeof clusterListQuery>, undefined>;

/** One query, whatever the page; a marker costs a second. */
export async function listSummaries(api: Api, request: ListRequest): Promise<ApiResponse> {
  const page = pageOf(request.query, api.config.api.maxLimit);
  const { filters, again } = filtersOf(request.query);
  const rows = await api.db.read('cluster-list', (query) => listClusterSummaries(request.scope, query, page, filters));
  const view = (cluster: (typeof rows)[number]) => clusterSummary({ cluster, members: cluster }, request);
  return { status: 200, body: pageBody('clusters', rows, view, page, `${request.baseUrl}/v1/clusters`, again) };
}

export async function listDetails(api: Api, request: ListRequest): Promise<ApiResponse> {
  const page = pageOf(request.query, api.config.api.maxLimit);
  const { filters, again } = filtersOf(request.query);
  const { rows, membersOf, labelsOf } = await api.db.read('cluster-detail', async (query) => {
    const clusters = await listClusters(request.scope, query, page, filters);
    const templateIds = [...new Set(clusters.map(({ clusterTemplateId }) => clusterTemplateId))];
    const [members, labels] = await Promise.all([
      listMembers(query, uuidsOf(clusters)),
      listTemplateLabels(query, templateIds),
    ]);
    return { rows: clusters, membersOf: members, labelsOf: labels };
  });
  const view = (cluster: Cluster) => {
    const templateLabels = labelsOf.get(cluster.clusterTemplateId);
    return clusterView({ cluster, members: membersOf.get(cluster.uuid), templateLabels }, request);
  };
  return { status: 200, body: pageBody('clusters', rows, view, page, `${request.baseUrl}/v1/clusters/detail`, again) };
}

/** One query here, one to find it. */
export async function showCluster(api: Api, request: Caller, cluster: ShownWithTemplate): Promise<ApiResponse> {
  const members = await api.db.read('cluster-show', (query) => listMembers(query, [cluster.uuid]));
  const parts = { cluster, members: members.get(cluster.uuid), templateLabels: cluster.templateLabels };
  return { status: 200, body: singleClusterView(parts, request) };
}

function uuidsOf(clusters: readonly { uuid: string }[]): string[] {
  return clusters.map(({ uuid }) => uuid);
}
