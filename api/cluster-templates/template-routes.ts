import type { z } from 'zod';
import {
  type ClusterTemplate,
  clusterTemplates,
  countClustersOfTemplate,
  listClusterTemplates,
} from '../../common/db/cluster-templates.js';
import { ServiceError } from '../../common/errors.js';
import { pageAnswer } from '../answers.js';
import type { Api } from '../deps.js';
import { type DryRunQuery, dryRun, dryRunAnswer, dryRunQuery } from '../dry-run.js';
import type { Identity } from '../identity.js';
import { patchBody } from '../json-patch.js';
import { filtersOf, templateFilters } from '../list-filters.js';
import { pageBody, pageOf, pageQuery } from '../paging.js';
import type { PolicyRule } from '../policy-rules.js';
import { type ApiRequest, type ApiResponse, type Caller, route } from '../route.js';
import { getTemplate } from './find-template.js';
import { enforcePublishing, judgeTemplate, templateOrder } from './template-order.js';
import { patchTemplate } from './template-patch.js';
import { planOfTemplate } from './template-plan.js';
import { type TemplateBody, templateBody } from './template-schema.js';
import { templateAnswer, templateView } from './template-view.js';

const COLLECTION = '/v1/clustertemplates';

/** Every column but the labels, as upstream. */
const SORTABLE = clusterTemplates.columns
  .map(({ column }) => column)
  .filter((name) => !['id', 'labels'].includes(name));

const listQuery = pageQuery(SORTABLE).extend(templateFilters);

function list(path: string) {
  return async (api: Api, request: ApiRequest<z.output<typeof listQuery>, undefined>): Promise<ApiResponse> => {
    const { scope, baseUrl, query: asked } = request;
    const page = pageOf(asked, api.config.api.maxLimit);
    const { filters, again } = filtersOf(asked);
    const rows = await api.db.read('template-list', (query) => listClusterTemplates(scope, query, page, filters));
    const view = (template: ClusterTemplate) => templateView(template, baseUrl);
    return { status: 200, body: pageBody('clustertemplates', rows, view, page, baseUrl + path, again) };
  };
}

async function create(api: Api, request: ApiRequest<DryRunQuery, TemplateBody>): Promise<ApiResponse> {
  if (request.query.dry_run === true) return tryOut(api, request);
  const made = await makeTemplate(api, request, request.body, 'clustertemplate:publish');
  const { baseUrl } = request;
  const headers = { Location: `${baseUrl}${COLLECTION}/${made.uuid}` };
  return { status: 201, body: templateView(made, baseUrl), headers };
}

async function tryOut(api: Api, { identity, body }: ApiRequest<DryRunQuery, TemplateBody>): Promise<ApiResponse> {
  projectOf(identity);
  const { order, findings } = await judgeTemplate(api, identity, body);
  enforcePublishing(api, identity, order, 'clustertemplate:publish');
  return dryRun(findings.length === 0 ? planOfTemplate(api, identity, order) : undefined, findings);
}

/** @throws ServiceError `forbidden` */
function projectOf({ projectId }: Identity): string {
  if (projectId !== undefined) return projectId;
  throw new ServiceError('forbidden', 'A cluster template belongs to a project: come with a token of one.');
}

export async function makeTemplate(
  api: Api,
  request: Caller,
  body: TemplateBody,
  publish: PolicyRule,
): Promise<ClusterTemplate> {
  const { identity } = request;
  const projectId = projectOf(identity);
  const { userId } = identity;
  const order = await templateOrder(api, identity, body);
  enforcePublishing(api, identity, order, publish);
  const made = { ...order, uuid: api.ids.uuid(), projectId, userId, createdAt: api.clock.now(), updatedAt: undefined };
  request.signal.throwIfAborted();
  await api.db.transaction('template-create', (trx) => clusterTemplates.insert(trx, made));
  return { ...made, id: 0 };
}

async function show(_api: Api, request: Caller, template: ClusterTemplate): Promise<ApiResponse> {
  return { status: 200, body: templateView(template, request.baseUrl) };
}

/** The row is locked first: a cluster that is being accepted locks it too. */
export async function removeTemplate(api: Api, request: Caller, template: ClusterTemplate): Promise<ApiResponse> {
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
    answers: { 200: pageAnswer('clustertemplates', templateAnswer) },
    handler: list(COLLECTION),
  }),
  route({
    method: 'GET',
    path: `${COLLECTION}/detail`,
    policy: 'clustertemplate:detail',
    allProjects: 'clustertemplate:detail_all_projects',
    query: listQuery,
    answers: { 200: pageAnswer('clustertemplates', templateAnswer) },
    handler: list(`${COLLECTION}/detail`),
  }),
  route({
    method: 'POST',
    path: COLLECTION,
    policy: 'clustertemplate:create',
    query: dryRunQuery,
    body: templateBody,
    answers: { 200: dryRunAnswer, 201: templateAnswer },
    handler: create,
  }),
  route({
    method: 'GET',
    path: `${COLLECTION}/{template}`,
    policy: 'clustertemplate:get',
    allProjects: 'clustertemplate:get_one_all_projects',
    load,
    isForAll: (template) => template.public,
    answers: { 200: templateAnswer },
    handler: show,
  }),
  route({
    method: 'PATCH',
    path: `${COLLECTION}/{template}`,
    policy: 'clustertemplate:update',
    allProjects: 'clustertemplate:update_all_projects',
    load,
    body: patchBody,
    answers: { 200: templateAnswer },
    handler: patchTemplate,
  }),
  route({
    method: 'DELETE',
    path: `${COLLECTION}/{template}`,
    policy: 'clustertemplate:delete',
    allProjects: 'clustertemplate:delete_all_projects',
    load,
    answers: { 204: null },
    handler: removeTemplate,
  }),
];
