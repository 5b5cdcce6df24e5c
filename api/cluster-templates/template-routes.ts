import {
  type ClusterTemplate,
  clusterTemplates,
  countClustersOfTemplate,
  listClusterTemplates,
} from '../../common/db/cluster-templates.js';
import { ServiceError } from '../../common/errors.js';
import type { Api } from '../deps.js';
import { patchBody } from '../json-patch.js';
import { type PageQuery, pageBody, pageOf, pageQuery } from '../paging.js';
import { type ApiRequest, type ApiResponse, type Caller, route } from '../route.js';
import { getTemplate } from './find-template.js';
import { enforcePublishing, templateOrder } from './template-order.js';
import { patchTemplate } from './template-patch.js';
import { type TemplateBody, templateBody } from './template-schema.js';
import { templateView } from './template-view.js';

const COLLECTION = '/v1/clustertemplates';

const listQuery = pageQuery(['uuid', 'name', 'coe', 'image_id', 'project_id', 'user_id', 'created_at', 'updated_at']);

function list(path: string) {
  return async (api: Api, request: ApiRequest<PageQuery, undefined>): Promise<ApiResponse> => {
    const { scope, baseUrl, query: asked } = request;
    const page = pageOf(asked, api.config.api.maxLimit);
    const rows = await api.db.read('template-list', (query) => listClusterTemplates(scope, query, page));
    const view = (template: ClusterTemplate) => templateView(template, baseUrl);
    return { status: 200, body: pageBody('clustertemplates', rows, view, page, baseUrl + path) };
  };
}

async function create(api: Api, request: ApiRequest<undefined, TemplateBody>): Promise<ApiResponse> {
  const { identity, baseUrl } = request;
  const { projectId, userId } = identity;
  if (projectId === undefined) {
    throw new ServiceError('forbidden', 'A cluster template belongs to a project: come with a token of one.');
  }
  const order = await templateOrder(api, identity, request.body);
  enforcePublishing(api, identity, order);
  const made = { ...order, uuid: api.ids.uuid(), projectId, userId, createdAt: api.clock.now(), updatedAt: undefined };
  request.signal.throwIfAborted();
  await api.db.transaction('template-create', (trx) => clusterTemplates.insert(trx, made));
  const body = templateView({ ...made, id: 0 }, baseUrl);
  return { status: 201, body, headers: { Location: `${baseUrl}${COLLECTION}/${made.uuid}` } };
}

async function show(_api: Api, request: Caller, template: ClusterTemplate): Promise<ApiResponse> {
  return { status: 200, body: templateView(template, request.baseUrl) };
}

/** The row is locked first: a cluster that is being accepted locks it too. */
async function remove(api: Api, request: Caller, template: ClusterTemplate): Promise<ApiResponse> {
  request.signal.throwIfAborted();
  await api.db.transaction('template-delete', async (trx) => {
    await clusterTemplates.rows(trx).where({ uuid: template.uuid }).forUpdate().first('id');
    if ((await countClustersOfTemplate(trx, template.uuid)) > 0) {
      throw new ServiceError('invalid', `ClusterTemplate ${template.name} is used by clusters; delete these first.`, {
        code: 'template_in_use',
      });
    }
    await clusterTemplates.delete(trx, { uuid: template.uuid });
  });
  return { status: 204 };
}

function load(api: Api, caller: Caller): Promise<ClusterTemplate> {
  return getTemplate(api, caller.scope, caller.params.template ?? '');
}

export const templateRoutes = [
  route({
    method: 'GET',
    path: COLLECTION,
    policy: 'clustertemplate:get_all',
    allProjects: 'clustertemplate:get_all_all_projects',
    query: listQuery,
    handler: list(COLLECTION),
  }),
  route({
    method: 'GET',
    path: `${COLLECTION}/detail`,
    policy: 'clustertemplate:detail',
    allProjects: 'clustertemplate:detail_all_projects',
    query: listQuery,
    handler: list(`${COLLECTION}/detail`),
  }),
  route({
    method: 'POST',
    path: COLLECTION,
    policy: 'clustertemplate:create',
    body: templateBody,
    handler: create,
  }),
  route({
    method: 'GET',
    path: `${COLLECTION}/{template}`,
    policy: 'clustertemplate:get',
    allProjects: 'clustertemplate:get_one_all_projects',
    load,
    handler: show,
  }),
  route({
    method: 'PATCH',
    path: `${COLLECTION}/{template}`,
    policy: 'clustertemplate:update',
    load,
    body: patchBody,
    handler: patchTemplate,
  }),
  route({
    method: 'DELETE',
    path: `${COLLECTION}/{template}`,
    policy: 'clustertemplate:delete',
    allProjects: 'clustertemplate:delete_all_projects',
    load,
    handler: remove,
  }),
];
