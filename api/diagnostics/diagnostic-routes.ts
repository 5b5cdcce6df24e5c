import type { Cluster } from '../../common/db/clusters.js';
import { BUNDLE, readWhole } from '../../common/db/diagnostic-pieces.js';
import { type Diagnostic, diagnostics } from '../../common/db/diagnostics.js';
import { everything } from '../../common/db/scope.js';
import { ServiceError } from '../../common/errors.js';
import { acceptedAnswer, fileAnswer, pageAnswer } from '../answers.js';
import { loadCluster } from '../clusters/find-cluster.js';
import type { Api } from '../deps.js';
import { listOfCluster, type PageQuery, pageBody, pageOf, pageQuery } from '../paging.js';
import { type ApiRequest, type ApiResponse, route } from '../route.js';
import { diagnoseBody, diagnoseCluster } from './diagnose.js';
import { diagnosticAnswer, diagnosticView } from './diagnostic-view.js';

type PlainRequest = ApiRequest<undefined, undefined>;

async function list(api: Api, request: ApiRequest<PageQuery, undefined>, cluster: Cluster): Promise<ApiResponse> {
  const page = pageOf(request.query, api.config.api.maxLimit);
  const rows = await api.db.read('diagnostic-list', (query) =>
    listOfCluster(diagnostics, everything, query, cluster.uuid, page),
  );
  const path = `${request.baseUrl}/v1/clusters/${cluster.uuid}/diagnostics`;
  return { status: 200, body: pageBody('diagnostics', rows, diagnosticView, page, path) };
}

async function show(api: Api, request: PlainRequest, cluster: Cluster): Promise<ApiResponse> {
  return { status: 200, body: diagnosticView(await find(api, request, cluster)) };
}

/** @throws ServiceError `not_found`. */
async function find(api: Api, { params }: PlainRequest, cluster: Cluster): Promise<Diagnostic> {
  const { diagnostic: uuid = '' } = params;
  const row = await api.db.read('diagnostic-find', (query) =>
    diagnostics.find(query, { uuid, clusterId: cluster.uuid }),
  );
  if (row !== undefined) return row;
  throw new ServiceError('not_found', `Diagnostic ${uuid} could not be found.`, { code: 'diagnostic_not_found' });
}

/** @throws ServiceError `not_found`; `conflict` while there is nothing to have. */
async function download(api: Api, request: PlainRequest, cluster: Cluster): Promise<ApiResponse> {
  const { uuid, state } = await find(api, request, cluster);
  if (state !== 'ready') {
    throw new ServiceError('conflict', `Diagnostic ${uuid} has no bundle: it is ${state}.`, {
      code: 'diagnostic_not_ready',
    });
  }
  const bundle = await api.db.read('diagnostic-bundle', (query) =>
    readWhole(query, api.sealer, { diagnosticId: uuid, source: BUNDLE }),
  );
  return {
    status: 200,
    body: bundle,
    headers: {
      'Content-Type': 'application/gzip',
      'Content-Disposition': `attachment; filename="diagnostics-${uuid}.tar.gz"`,
    },
  };
}

const ITEM = '/v1/clusters/{cluster}/diagnostics/{diagnostic}';
const shared = {
  method: 'GET',
  policy: 'diagnostic:get',
  allProjects: 'diagnostic:get_all_projects',
  load: loadCluster,
} as const;

export const diagnosticRoutes = [
  route({
    method: 'POST',
    path: '/v1/clusters/{cluster}/actions/diagnose',
    policy: 'cluster:diagnose',
    allProjects: 'cluster:diagnose_all_projects',
    load: loadCluster,
    body: diagnoseBody,
    answers: { 202: acceptedAnswer },
    handler: diagnoseCluster,
  }),
  route({
    ...shared,
    path: '/v1/clusters/{cluster}/diagnostics',
    query: pageQuery(['uuid', 'state', 'created_at', 'finished_at', 'expires_at']),
    answers: { 200: pageAnswer('diagnostics', diagnosticAnswer) },
    handler: list,
  }),
  route({ ...shared, path: ITEM, answers: { 200: diagnosticAnswer }, handler: show }),
  route({ ...shared, path: `${ITEM}/bundle`, answers: { 200: fileAnswer('application/gzip') }, handler: download }),
];
