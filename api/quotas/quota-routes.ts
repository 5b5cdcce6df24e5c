import { z } from 'zod';
import { isDuplicate } from '../../common/db/database.js';
import { CLUSTER_RESOURCE, listQuotas, type Quota, quotas } from '../../common/db/quotas.js';
import { ServiceError } from '../../common/errors.js';
import { pageAnswer } from '../answers.js';
import type { Api } from '../deps.js';
import { choice, flag, integer, orElse, requiredInteger, requiredText, text } from '../fields.js';
import type { Owned } from '../identity.js';
import { pageBody, pageOf, pageQuery } from '../paging.js';
import { type ApiRequest, type ApiResponse, type Caller, route } from '../route.js';
import { refuse } from '../validation.js';
import { defaultQuotaAnswer, quotaAnswer, quotaView } from './quota-view.js';

const COLLECTION = '/v1/quotas';
const ITEM = `${COLLECTION}/{project}/{resource}`;

const resource = orElse(choice([CLUSTER_RESOURCE]), CLUSTER_RESOURCE);

const createBody = z.strictObject({ project_id: requiredText(), resource, hard_limit: integer(0) });

/** A plain object and no JSON patch. Clients repeat what stands in the path. */
const updateBody = z.strictObject({ project_id: text(), resource, hard_limit: requiredInteger(0) });

const listQuery = pageQuery(['project_id', 'resource', 'hard_limit', 'created_at', 'updated_at']).extend({
  marker: requiredInteger(1).optional(),
  all_tenants: flag(),
});

async function list(api: Api, request: ApiRequest<z.output<typeof listQuery>, undefined>): Promise<ApiResponse> {
  const { marker, all_tenants: allTenants, ...rest } = request.query;
  const page = { ...pageOf(rest, api.config.api.maxLimit), markerColumn: 'id' as const };
  const onPage = marker === undefined ? page : { ...page, marker: String(marker) };
  // A token without a project owns none.
  const projectId = allTenants === true ? undefined : (request.identity.projectId ?? '');
  const found = await api.db.read('quota-list', (query) => listQuotas(query, projectId, onPage));
  const rows = found.map((quota) => ({ quota, uuid: String(quota.id) }));
  const filters: Record<string, string> = allTenants === true ? { all_tenants: 'True' } : {};
  const view = ({ quota }: { quota: Quota }) => quotaView(quota);
  return { status: 200, body: pageBody('quotas', rows, view, page, request.baseUrl + COLLECTION, filters) };
}

/** @throws ServiceError `not_found` for a project that Keystone does not know, `conflict` for a quota that there is. */
async function create(api: Api, request: ApiRequest<undefined, z.output<typeof createBody>>): Promise<ApiResponse> {
  const { project_id: projectId, resource: named, hard_limit: hardLimit = 1 } = request.body;
  if ((await api.references.project(projectId)) === undefined) {
    const message = `Project ${projectId} could not be found.`;
    throw new ServiceError('not_found', message, { code: 'project_not_found', field: 'project_id' });
  }
  const key = { projectId, resource: named };
  request.signal.throwIfAborted();
  const made = await api.db.transaction('quota-create', async (trx) => {
    await quotas.insert(trx, { ...key, hardLimit, createdAt: api.clock.now() }).catch((error: unknown) => {
      if (!isDuplicate(error)) throw error;
      const message = `Project ${projectId} has a quota of ${named} already; change that.`;
      throw new ServiceError('conflict', message, { code: 'quota_exists', cause: error });
    });
    return quotas.find(trx, key);
  });
  return { status: 201, body: quotaView(found(made, key)) };
}

async function show(api: Api, request: ApiRequest<undefined, undefined>): Promise<ApiResponse> {
  const key = keyOf(request);
  const stored = await api.db.read('quota-show', (query) => quotas.find(query, key));
  if (stored !== undefined) return { status: 200, body: quotaView(stored) };
  if (key.resource !== CLUSTER_RESOURCE) throw quotaNotFound(key);
  const { maxClustersPerProject } = api.config.quotas;
  return {
    status: 200,
    body: { project_id: key.projectId, resource: key.resource, hard_limit: maxClustersPerProject },
  };
}

/** A limit below what there is takes nothing away: it lets nothing further be made. */
async function update(api: Api, request: ApiRequest<undefined, z.output<typeof updateBody>>): Promise<ApiResponse> {
  const key = keyOf(request);
  const { project_id: projectId, hard_limit: hardLimit } = request.body;
  if (projectId !== undefined && projectId !== key.projectId) {
    refuse([{ field: 'project_id', message: `is ${key.projectId} in the path, and can't be changed` }]);
  }
  request.signal.throwIfAborted();
  const changed = await api.db.transaction('quota-update', async (trx) => {
    await quotas.update(trx, key, { hardLimit, updatedAt: api.clock.now() });
    return quotas.find(trx, key);
  });
  return { status: 202, body: quotaView(found(changed, key)) };
}

async function remove(api: Api, request: ApiRequest<undefined, undefined>): Promise<ApiResponse> {
  const key = keyOf(request);
  request.signal.throwIfAborted();
  const removed = await api.db.transaction('quota-delete', (trx) => quotas.delete(trx, key));
  if (removed === 0) throw quotaNotFound(key);
  return { status: 204 };
}

type Key = Pick<Quota, 'projectId' | 'resource'>;

function keyOf({ params }: Caller): Key {
  return { projectId: params.project ?? '', resource: params.resource ?? '' };
}

function found(quota: Quota | undefined, key: Key): Quota {
  if (quota === undefined) throw quotaNotFound(key);
  return quota;
}

function quotaNotFound({ projectId, resource: named }: Key): ServiceError {
  const message = `Project ${projectId} has no quota of ${named}.`;
  return new ServiceError('not_found', message, { code: 'quota_not_found' });
}

/** Another project's is refused by the policy, as upstream, whether there is one or not. */
async function owner(_api: Api, { params }: Caller): Promise<Owned> {
  return { projectId: params.project ?? '' };
}

export const quotaRoutes = [
  route({
    method: 'GET',
    path: COLLECTION,
    policy: 'quota:get_all',
    query: listQuery,
    answers: { 200: pageAnswer('quotas', quotaAnswer) },
    handler: list,
  }),
  route({
    method: 'POST',
    path: COLLECTION,
    policy: 'quota:create',
    body: createBody,
    answers: { 201: quotaAnswer },
    handler: create,
  }),
  route({
    method: 'GET',
    path: ITEM,
    policy: 'quota:get',
    load: owner,
    answers: { 200: z.union([quotaAnswer, defaultQuotaAnswer]) },
    handler: show,
  }),
  route({
    method: 'PATCH',
    path: ITEM,
    policy: 'quota:update',
    body: updateBody,
    answers: { 202: quotaAnswer },
    handler: update,
  }),
  route({ method: 'DELETE', path: ITEM, policy: 'quota:delete', answers: { 204: null }, handler: remove }),
];
