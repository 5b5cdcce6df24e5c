import { z } from 'zod';
import { clusters } from '../../common/db/clusters.js';
import {
  findX509KeyPairs,
  listX509KeyPairs,
  privateKeyPurpose,
  type X509KeyPair,
  x509KeyPairs,
} from '../../common/db/x509-key-pairs.js';
import { isServiceError, ServiceError } from '../../common/errors.js';
import { pageAnswer } from '../answers.js';
import { getCluster } from '../clusters/find-cluster.js';
import type { Api } from '../deps.js';
import { requiredText, text } from '../fields.js';
import { isUuid, type PageQuery, pageBody, pageOf, pageQuery } from '../paging.js';
import { type ApiRequest, type ApiResponse, type Caller, route } from '../route.js';
import { x509KeyPairAnswer, x509KeyPairView } from './x509-key-pair-view.js';

/** Records of Liberty and Mitaka: kept, shown to who made them and to nobody else, and used by nothing. */

const COLLECTION = '/v1/x509keypairs';
const ITEM = `${COLLECTION}/{keypair}`;

const MAX_PEM_CHARACTERS = 65_536;
const MAX_PER_CLUSTER = 100;

const keyPairBody = z.strictObject({
  name: text(),
  bay_uuid: requiredText(),
  ca_cert: text(MAX_PEM_CHARACTERS),
  certificate: text(MAX_PEM_CHARACTERS),
  private_key: text(MAX_PEM_CHARACTERS),
});

type CreateRequest = ApiRequest<undefined, z.output<typeof keyPairBody>>;

const listQuery = pageQuery(['uuid', 'name', 'created_at']);

function list(path: string) {
  return async (api: Api, request: ApiRequest<PageQuery, undefined>): Promise<ApiResponse> => {
    const { scope, identity, baseUrl, query: asked } = request;
    const page = pageOf(asked, api.config.api.maxLimit);
    const rows = await api.db.read('x509-list', (query) => listX509KeyPairs(scope, identity.userId, query, page));
    const view = (keyPair: X509KeyPair) => x509KeyPairView(api.sealer, keyPair, baseUrl);
    return { status: 200, body: pageBody('x509keypairs', rows, view, page, baseUrl + path) };
  };
}

async function create(api: Api, request: CreateRequest): Promise<ApiResponse> {
  const { body, baseUrl, identity } = request;
  const clusterId = await bayOf(api, request, body.bay_uuid);
  const uuid = api.ids.uuid();
  const key = body.private_key;
  const made = {
    uuid,
    clusterId,
    userId: identity.userId,
    name: body.name,
    caCert: body.ca_cert,
    certificate: body.certificate,
    privateKeySealed: key === undefined ? undefined : api.sealer.seal(privateKeyPurpose(uuid), key),
    createdAt: api.clock.now(),
    updatedAt: undefined,
  };
  request.signal.throwIfAborted();
  const projectId = await api.db.transaction('x509-create', async (trx) => {
    // Locked against going meanwhile, for what belongs to a cluster goes with it; and for one at a time, who are counted.
    const cluster = await clusters.rows(trx).where({ uuid: clusterId }).forUpdate().first('project_id');
    if (cluster === undefined) throw bayNotFound(body.bay_uuid);
    const kept = await x509KeyPairs.rows(trx).where({ cluster_id: clusterId }).count({ n: '*' }).first();
    if (Number(kept?.n ?? 0) >= MAX_PER_CLUSTER) {
      throw new ServiceError('forbidden', `A bay has at most ${MAX_PER_CLUSTER} x509keypairs.`);
    }
    await x509KeyPairs.insert(trx, { ...made, projectId: cluster.project_id });
    return cluster.project_id as string;
  });
  const view = x509KeyPairView(api.sealer, { ...made, id: 0, projectId }, baseUrl);
  return { status: 201, body: view, headers: { Location: `${baseUrl}${COLLECTION}/${uuid}` } };
}

/** An unknown bay in a body is a 400. */
async function bayOf(api: Api, request: Caller, ident: string): Promise<string> {
  try {
    return (await getCluster(api, request.scope, ident)).uuid;
  } catch (error) {
    throw isServiceError(error, 'not_found') ? bayNotFound(ident) : error;
  }
}

function bayNotFound(ident: string): ServiceError {
  return new ServiceError('invalid', `Bay ${ident} could not be found.`, {
    code: 'cluster_not_found',
    field: 'bay_uuid',
  });
}

async function show(api: Api, request: Caller, keyPair: X509KeyPair): Promise<ApiResponse> {
  return { status: 200, body: x509KeyPairView(api.sealer, keyPair, request.baseUrl) };
}

async function remove(api: Api, _request: Caller, { uuid }: X509KeyPair): Promise<ApiResponse> {
  await api.db.transaction('x509-delete', (trx) => x509KeyPairs.delete(trx, { uuid }));
  return { status: 204 };
}

/** @throws ServiceError `not_found`, `ambiguous`. */
async function load(api: Api, { scope, identity, params }: Caller): Promise<X509KeyPair> {
  const ident = params.keypair ?? '';
  const by = isUuid(ident) ? { uuid: ident } : { name: ident };
  const [keyPair, another] = await api.db.read('x509-find', (query) =>
    findX509KeyPairs(scope, identity.userId, query, by),
  );
  if (keyPair === undefined) throw new ServiceError('not_found', `X509KeyPair ${ident} could not be found.`);
  if (another !== undefined) {
    throw new ServiceError('ambiguous', `Several x509keypairs are named ${ident}; use the uuid.`);
  }
  return keyPair;
}

export const x509KeyPairRoutes = [
  route({
    method: 'GET',
    path: COLLECTION,
    policy: 'x509keypair:get_all',
    query: listQuery,
    answers: { 200: pageAnswer('x509keypairs', x509KeyPairAnswer) },
    handler: list(COLLECTION),
  }),
  route({
    method: 'GET',
    path: `${COLLECTION}/detail`,
    policy: 'x509keypair:detail',
    query: listQuery,
    answers: { 200: pageAnswer('x509keypairs', x509KeyPairAnswer) },
    handler: list(`${COLLECTION}/detail`),
  }),
  route({
    method: 'POST',
    path: COLLECTION,
    policy: 'x509keypair:create',
    body: keyPairBody,
    answers: { 201: x509KeyPairAnswer },
    handler: create,
  }),
  route({
    method: 'GET',
    path: ITEM,
    policy: 'x509keypair:get',
    load,
    answers: { 200: x509KeyPairAnswer },
    handler: show,
  }),
  route({ method: 'DELETE', path: ITEM, policy: 'x509keypair:delete', load, answers: { 204: null }, handler: remove }),
];
