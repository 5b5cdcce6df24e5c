import type { z } from 'zod';
import { type Federation, federations, listFederations } from '../../common/db/federations.js';
import { ServiceError } from '../../common/errors.js';
import { acceptedAnswer, pageAnswer } from '../answers.js';
import type { Api } from '../deps.js';
import { generatedName } from '../generated-names.js';
import { patchBody } from '../json-patch.js';
import { type PageQuery, pageBody, pageOf, pageQuery } from '../paging.js';
import { type ApiRequest, type ApiResponse, type Caller, route } from '../route.js';
import { federationBody, hostclusterOf, membershipOf, notCarriedOut } from './federation-order.js';
import { patchFederation } from './federation-patch.js';
import { federationAnswer, federationSummary, federationSummaryAnswer, federationView } from './federation-view.js';
import { loadFederation } from './find-federation.js';

const COLLECTION = '/v1/federations';
const ITEM = `${COLLECTION}/{federation}`;

const listQuery = pageQuery(['uuid', 'name', 'hostcluster_id', 'status', 'created_at', 'updated_at']);

function list(path: string, shown: (federation: Federation, baseUrl: string) => unknown) {
  return async (api: Api, request: ApiRequest<PageQuery, undefined>): Promise<ApiResponse> => {
    const { scope, baseUrl, query: asked } = request;
    const page = pageOf(asked, api.config.api.maxLimit);
    const rows = await api.db.read('federation-list', (query) => listFederations(scope, query, page));
    const view = (federation: Federation) => shown(federation, baseUrl);
    return { status: 200, body: pageBody('federations', rows, view, page, baseUrl + path) };
  };
}

async function create(api: Api, request: ApiRequest<undefined, z.output<typeof federationBody>>): Promise<ApiResponse> {
  const { body, identity, scope, signal } = request;
  const { projectId, userId } = identity;
  if (projectId === undefined) {
    throw new ServiceError('forbidden', 'A federation belongs to a project: come with a token of one.');
  }
  const uuid = api.ids.uuid();
  const name = body.name ?? generatedName(api.ids, 'federation');
  signal.throwIfAborted();
  await api.db.transaction('federation-create', async (trx) => {
    const hostclusterId = await hostclusterOf(scope, trx, body.hostcluster_id);
    const membership = await membershipOf(scope, trx, body);
    const owned = { uuid, projectId, userId, name, hostclusterId, createdAt: api.clock.now() };
    await federations.insert(trx, { ...owned, ...membership, ...notCarriedOut('CREATE_FAILED') });
  });
  return { status: 202, body: { uuid } };
}

async function show(_api: Api, request: Caller, federation: Federation): Promise<ApiResponse> {
  return { status: 200, body: federationView(federation, request.baseUrl) };
}

async function remove(api: Api, request: Caller, { uuid }: Federation): Promise<ApiResponse> {
  request.signal.throwIfAborted();
  await api.db.transaction('federation-delete', (trx) => federations.delete(trx, { uuid }));
  return { status: 204 };
}

export const federationRoutes = [
  route({
    method: 'GET',
    path: COLLECTION,
    policy: 'federation:get_all',
    query: listQuery,
    answers: { 200: pageAnswer('federations', federationSummaryAnswer) },
    handler: list(COLLECTION, federationSummary),
  }),
  route({
    method: 'GET',
    path: `${COLLECTION}/detail`,
    policy: 'federation:detail',
    query: listQuery,
    answers: { 200: pageAnswer('federations', federationAnswer) },
    handler: list(`${COLLECTION}/detail`, federationView),
  }),
  route({
    method: 'POST',
    path: COLLECTION,
    policy: 'federation:create',
    body: federationBody,
    answers: { 202: acceptedAnswer },
    handler: create,
  }),
  route({
    method: 'GET',
    path: ITEM,
    policy: 'federation:get',
    load: loadFederation,
    answers: { 200: federationAnswer },
    handler: show,
  }),
  route({
    method: 'PATCH',
    path: ITEM,
    policy: 'federation:update',
    load: loadFederation,
    body: patchBody,
    answers: { 202: acceptedAnswer },
    handler: patchFederation,
  }),
  route({
    method: 'DELETE',
    path: ITEM,
    policy: 'federation:delete',
    load: loadFederation,
    answers: { 204: null },
    handler: remove,
  }),
];
