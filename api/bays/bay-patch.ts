import { z } from 'zod';
import type { Cluster } from '../../common/db/clusters.js';
import { DEFAULT_WORKER_GROUP, nodeGroups } from '../../common/db/node-groups.js';
import { type clusterPatchQuery, UNPATCHABLE, wantsRollback } from '../clusters/cluster-patch.js';
import { judgeResize, resizeLocked } from '../clusters/cluster-resize.js';
import { onLockedCluster } from '../clusters/locked-cluster.js';
import type { Api } from '../deps.js';
import { requiredInteger } from '../fields.js';
import { changedAttributes, type Document, type Patch, patched } from '../json-patch.js';
import { announceOperation } from '../operations.js';
import type { ApiRequest, ApiResponse } from '../route.js';
import { parse, refuse, refuseOrder } from '../validation.js';
import { ASYNCHRONOUS_SINCE } from './bay-create.js';
import { readBay } from './bay-read.js';
import { bayView } from './bay-view.js';

type PatchRequest = ApiRequest<z.output<typeof clusterPatchQuery>, Patch>;

/** Removed, it is what a create without it would have. */
const nodeCountBody = z.object({ node_count: z.preprocess((value) => value ?? 1, requiredInteger(1)) });

/** Changes the number of workers, and nothing else; a bay has at least one. */
export async function patchBay(api: Api, request: PatchRequest, target: Cluster): Promise<ApiResponse> {
  const { uuid } = target;
  const rollsBack = wantsRollback(request);
  const before = await documentOf(api, target, request.baseUrl);
  const after = patched(before, request.body, { fixed: UNPATCHABLE });
  const forbidden = changedAttributes(before, after).filter((name) => name !== 'node_count');
  refuse(forbidden.map((field) => ({ field, message: 'can not be changed; only node_count can' })));
  if (request.body.some(({ path }) => path === '/node_count')) {
    await resize(api, request, target, parse(nodeCountBody, after).node_count, rollsBack);
  }
  if (request.minor >= ASYNCHRONOUS_SINCE) return { status: 202, body: { uuid } };
  return { status: 200, body: await readBay(api, request.scope, uuid, request.baseUrl) };
}

async function resize(
  api: Api,
  request: PatchRequest,
  target: Cluster,
  nodeCount: number,
  rollsBack: boolean,
): Promise<void> {
  const { uuid } = target;
  const wanted = { node_count: nodeCount, nodes_to_remove: [], nodegroup: undefined, rollsBack };
  refuseOrder((await judgeResize(api, request, target, wanted)).findings);
  const operationId = await onLockedCluster(api, request, uuid, 'bay-patch', (trx, cluster) =>
    resizeLocked(trx, api, request, cluster, wanted),
  );
  await announceOperation(api, operationId, request.requestId);
}

/** The bay as its view shows it, with the workers of the default group as `node_count`. */
async function documentOf(api: Api, cluster: Cluster, baseUrl: string): Promise<Document> {
  const group = await api.db.read('bay-patch-find', (query) =>
    nodeGroups.find(query, { clusterId: cluster.uuid, name: DEFAULT_WORKER_GROUP }),
  );
  return { ...bayView(cluster, undefined, baseUrl), node_count: group?.nodeCount ?? 0 };
}
