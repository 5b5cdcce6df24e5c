import { listMembers, listTemplateLabels } from '../../common/db/cluster-members.js';
import { type Cluster, listClusterSummaries, listClusters, type ShownWithTemplate } from '../../common/db/clusters.js';
import type { Api } from '../deps.js';
import { type PageQuery, pageBody, pageOf, pageQuery } from '../paging.js';
import type { ApiRequest, ApiResponse, Caller } from '../route.js';
import { clusterSummary, clusterView, singleClusterView } from './cluster-view.js';

export const clusterListQuery = pageQuery([
  'uuid',
  'name',
  'cluster_template_id',
  'status',
  'health_status',
  'keypair',
  'flavor_id',
  'master_flavor_id',
  'create_timeout',
  'stack_id',
  'project_id',
  'user_id',
  'created_at',
  'updated_at',
]);

type ListRequest = ApiRequest<PageQuery, undefined>;

/** One query, whatever the page; a marker costs a second. */
export async function listSummaries(api: Api, request: ListRequest): Promise<ApiResponse> {
  const page = pageOf(request.query, api.config.api.maxLimit);
  const rows = await api.db.read('cluster-list', (query) => listClusterSummaries(request.scope, query, page));
  const view = (cluster: (typeof rows)[number]) => clusterSummary({ cluster, members: cluster }, request);
  return { status: 200, body: pageBody('clusters', rows, view, page, `${request.baseUrl}/v1/clusters`) };
}

export async function listDetails(api: Api, request: ListRequest): Promise<ApiResponse> {
  const page = pageOf(request.query, api.config.api.maxLimit);
  const { rows, membersOf, labelsOf } = await api.db.read('cluster-detail', async (query) => {
    const clusters = await listClusters(request.scope, query, page);
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
  return { status: 200, body: pageBody('clusters', rows, view, page, `${request.baseUrl}/v1/clusters/detail`) };
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
