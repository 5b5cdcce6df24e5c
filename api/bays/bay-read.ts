import { listMembers } from '../../common/db/cluster-members.js';
import { type Cluster, findClusters, listClusterSummaries, listClusters } from '../../common/db/clusters.js';
import type { Scope } from '../../common/db/scope.js';
import { clusterNotFound } from '../clusters/find-cluster.js';
import type { Api } from '../deps.js';
import { type PageQuery, pageBody, pageOf, pageQuery } from '../paging.js';
import type { ApiRequest, ApiResponse, Caller } from '../route.js';
import { baySummary, bayView, singleBayView } from './bay-view.js';

const COLLECTION = '/v1/bays';

export const bayListQuery = pageQuery([
  'uuid',
  'name',
  'cluster_template_id',
  'status',
  'flavor_id',
  'master_flavor_id',
  'create_timeout',
  'stack_id',
  'created_at',
  'updated_at',
]);

type ListRequest = ApiRequest<PageQuery, undefined>;

export async function listBays(api: Api, { query: asked, scope, baseUrl }: ListRequest): Promise<ApiResponse> {
  const page = pageOf(asked, api.config.api.maxLimit);
  const rows = await api.db.read('bay-list', (query) => listClusterSummaries(scope, query, page));
  const view = (row: (typeof rows)[number]) => baySummary(row, row, baseUrl);
  return { status: 200, body: pageBody('bays', rows, view, page, baseUrl + COLLECTION) };
}

export async function listBayDetails(api: Api, { query: asked, scope, baseUrl }: ListRequest): Promise<ApiResponse> {
  const page = pageOf(asked, api.config.api.maxLimit);
  const { rows, membersOf } = await api.db.read('bay-detail', async (query) => {
    const clusters = await listClusters(scope, query, page);
    const ids = clusters.map(({ uuid }) => uuid);
    return { rows: clusters, membersOf: await listMembers(query, ids) };
  });
  const view = (cluster: Cluster) => bayView(cluster, membersOf.get(cluster.uuid), baseUrl);
  return { status: 200, body: pageBody('bays', rows, view, page, `${baseUrl}${COLLECTION}/detail`) };
}

/** As it is now. @throws ServiceError `not_found`. */
export async function readBay(api: Api, scope: Scope, uuid: string, baseUrl: string) {
  return api.db.read('bay-show', async (query) => {
    const [cluster] = await findClusters(scope, query, { uuid });
    if (cluster === undefined) throw clusterNotFound(uuid);
    const members = await listMembers(query, [uuid]);
    return singleBayView(cluster, members.get(uuid), baseUrl);
  });
}

export async function showBay(api: Api, request: Caller, { uuid }: Cluster): Promise<ApiResponse> {
  return { status: 200, body: await readBay(api, request.scope, uuid, request.baseUrl) };
}
