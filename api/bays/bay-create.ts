import { clusters } from '../../common/db/clusters.js';
import { operations } from '../../common/db/operations.js';
import { ServiceError } from '../../common/errors.js';
import { reasonSentence } from '../../common/reasons.js';
import { createCluster } from '../clusters/cluster-create.js';
import { clusterNotFound } from '../clusters/find-cluster.js';
import type { Api } from '../deps.js';
import { generatedName } from '../generated-names.js';
import { MIN_MINOR, type Minor } from '../microversion.js';
import type { ApiRequest, ApiResponse } from '../route.js';
import { readBay } from './bay-read.js';
import { type BayBody, clusterBodyOf } from './bay-schema.js';

/** From this version on a bay is answered for before it is there. */
export const ASYNCHRONOUS_SINCE: Minor = 2;

const LOOK_EVERY_MS = 500;
/** Left of the request's own time, for the answer. */
const MARGIN_MS = 5000;

/**
 * A cluster with the names of 2015. At 1.1 the answer comes when its stack is there, when nothing goes on before
 * someone else acts, or when the time is up: it is accepted in each of these cases, and its status says how far it is.
 * @throws ServiceError when the create has failed before there was a stack, as upstream.
 */
export async function createBay(api: Api, request: ApiRequest<undefined, BayBody>): Promise<ApiResponse> {
  const { body, baseUrl, minor, scope, signal } = request;
  const order = clusterBodyOf(body, body.name ?? generatedName(api.ids, 'bay'));
  // An unknown baymodel is a 400 at every version, as an unknown template is at the lowest one.
  const accepted = await createCluster(api, { ...request, query: undefined, minor: MIN_MINOR, body: order });
  const { uuid } = accepted.body as { uuid: string };
  if (minor >= ASYNCHRONOUS_SINCE) return accepted;
  await waitForStack(api, uuid, signal);
  const bay = await readBay(api, scope, uuid, baseUrl);
  return { status: 201, body: bay, headers: { Location: `${baseUrl}/v1/bays/${uuid}` } };
}

async function waitForStack(api: Api, uuid: string, signal: AbortSignal): Promise<void> {
  const { bayWaitSeconds, requestTimeoutSeconds } = api.config.api;
  const until = api.clock.now() + Math.min(bayWaitSeconds * 1000, requestTimeoutSeconds * 1000 - MARGIN_MS);
  while (api.clock.now() < until && !signal.aborted && !(await isDecided(api, uuid))) {
    await api.clock.sleep(LOOK_EVERY_MS, signal);
  }
}

/** Nothing more comes of waiting. @throws ServiceError with the reason of a create that has failed. */
async function isDecided(api: Api, uuid: string): Promise<boolean> {
  return api.db.read('bay-wait', async (query) => {
    const cluster = await clusters.find(query, { uuid });
    if (cluster === undefined) throw clusterNotFound(uuid);
    if (cluster.stackId !== undefined) return true;
    if (cluster.status === 'CREATE_FAILED') {
      const { reason, statusReason } = cluster;
      const why = reason === undefined ? (statusReason ?? 'its create failed') : reasonSentence(reason);
      throw new ServiceError('invalid', `Bay ${uuid} is there and failed, and can only be deleted: ${why}`, {
        code: reason?.code ?? 'cluster_status',
      });
    }
    const open = await operations.find(query, { openKey: uuid });
    return open?.status === 'blocked' || open?.kind !== 'create';
  });
}
