import type { z } from 'zod';
import { type ClusterTemplate, listClusterTemplates } from '../../common/db/cluster-templates.js';
import { ServiceError } from '../../common/errors.js';
import { pageAnswer } from '../answers.js';
import { getTemplate } from '../cluster-templates/find-template.js';
import { changeTemplate } from '../cluster-templates/template-patch.js';
import { makeTemplate, removeTemplate } from '../cluster-templates/template-routes.js';
import type { Api } from '../deps.js';
import { generatedName } from '../generated-names.js';
import type { Identity } from '../identity.js';
import { type Patch, patchBody } from '../json-patch.js';
import { type PageQuery, pageBody, pageOf, pageQuery } from '../paging.js';
import { type ApiRequest, type ApiResponse, type Caller, route } from '../route.js';
import { baymodelBody, formerTemplateBody } from './baymodel-schema.js';
import {
  baymodelAnswer,
  baymodelAttributes,
  baymodelSummary,
  baymodelSummaryAnswer,
  baymodelView,
} from './baymodel-view.js';

/** The API of 2015 over cluster templates. An admin, too, sees the baymodels of one project here, and the public ones. */

const COLLECTION = '/v1/baymodels';
const ITEM = `${COLLECTION}/{baymodel}`;

const listQuery = pageQuery(['uuid', 'name', 'coe', 'image_id', 'created_at', 'updated_at']);

type View = (template: ClusterTemplate, baseUrl: string) => unknown;

function list(path: string, viewOf: View) {
  return async (api: Api, request: ApiRequest<PageQuery, undefined>): Promise<ApiResponse> => {
    const { scope, baseUrl, query: asked } = request;
    const page = pageOf(asked, api.config.api.maxLimit);
    const rows = await api.db.read('baymodel-list', (query) => listClusterTemplates(scope, query, page));
    const view = (template: ClusterTemplate) => viewOf(template, baseUrl);
    return { status: 200, body: pageBody('baymodels', rows, view, page, baseUrl + path) };
  };
}

type CreateRequest = ApiRequest<undefined, z.output<typeof baymodelBody>>;

async function create(api: Api, request: CreateRequest): Promise<ApiResponse> {
  const { body, baseUrl, identity } = request;
  await checkKeypair(api, identity, body.keypair_id);
  const named = { ...body, name: body.name ?? generatedName(api.ids, 'model') };
  const made = await makeTemplate(api, request, named, 'baymodel:publish');
  const headers = { Location: `${baseUrl}${COLLECTION}/${made.uuid}` };
  return { status: 201, body: baymodelView(made, baseUrl), headers };
}

async function show(_api: Api, request: Caller, template: ClusterTemplate): Promise<ApiResponse> {
  return { status: 200, body: baymodelView(template, request.baseUrl) };
}

async function patch(api: Api, request: ApiRequest<undefined, Patch>, template: ClusterTemplate): Promise<ApiResponse> {
  const isFormer = template.keypairId === undefined || template.dnsNameserver?.includes(',') === true;
  const after = await changeTemplate(api, request, template, {
    attributes: baymodelAttributes,
    body: isFormer ? formerTemplateBody : baymodelBody,
    publish: 'baymodel:publish',
  });
  return { status: 200, body: baymodelView(after, request.baseUrl) };
}

/** @throws ServiceError `not_found`, unlike for an image or a flavor: upstream's choice. */
async function checkKeypair(api: Api, who: Identity, name: string): Promise<void> {
  if ((await api.references.keypair(who, name)) !== undefined) return;
  const options = { code: 'keypair_not_found', field: 'keypair_id' };
  throw new ServiceError('not_found', `Keypair ${name} could not be found.`, options);
}

function load(api: Api, caller: Caller): Promise<ClusterTemplate> {
  return getTemplate(api, caller.scope, caller.params.baymodel ?? '');
}

export const baymodelRoutes = [
  route({
    method: 'GET',
    path: COLLECTION,
    policy: 'baymodel:get_all',
    query: listQuery,
    answers: { 200: pageAnswer('baymodels', baymodelSummaryAnswer) },
    handler: list(COLLECTION, baymodelSummary),
  }),
  route({
    method: 'GET',
    path: `${COLLECTION}/detail`,
    policy: 'baymodel:detail',
    query: listQuery,
    answers: { 200: pageAnswer('baymodels', baymodelAnswer) },
    handler: list(`${COLLECTION}/detail`, baymodelView),
  }),
  route({
    method: 'POST',
    path: COLLECTION,
    policy: 'baymodel:create',
    body: baymodelBody,
    answers: { 201: baymodelAnswer },
    handler: create,
  }),
  route({
    method: 'GET',
    path: ITEM,
    policy: 'baymodel:get',
    load,
    isForAll: (template) => template.public,
    answers: { 200: baymodelAnswer },
    handler: show,
  }),
  route({
    method: 'PATCH',
    path: ITEM,
    policy: 'baymodel:update',
    load,
    body: patchBody,
    answers: { 200: baymodelAnswer },
    handler: patch,
  }),
  route({
    method: 'DELETE',
    path: ITEM,
    policy: 'baymodel:delete',
    load,
    answers: { 204: null },
    handler: removeTemplate,
  }),
];
