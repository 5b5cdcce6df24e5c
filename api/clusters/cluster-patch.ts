import { z } from 'zod';
import { type Cluster, clusters } from '../../common/db/clusters.js';
import { DEFAULT_WORKER_GROUP, nodeGroups } from '../../common/db/node-groups.js';
import type { Api } from '../deps.js';
import { choice, flag, requiredInteger } from '../fields.js';
import { enforce } from '../identity.js';
import { changedAttributes, type Document, type Patch, patched } from '../json-patch.js';
import { announceOperation } from '../operations.js';
import type { ApiRequest, ApiResponse } from '../route.js';
import { parse, refuse, refuseOrder } from '../validation.js';
import { judgeResize, resizeLocked } from './cluster-resize.js';
import { clusterView } from './cluster-view.js';
import { onLockedCluster } from './locked-cluster.js';
import { zeroNodesProblems } from './node-counts.js';

const ROLLBACK_SINCE = 3;

export const clusterPatchQuery = z.strictObject({ rollback: flag() });

type PatchRequest = ApiRequest<z.output<typeof clusterPatchQuery>, Patch>;

/** Of a cluster under either of its names. */
export const UNPATCHABLE = [
  'api_address',
  'node_addresses',
  'master_addresses',
  'stack_id',
  'cluster_id',
  'ca_cert_ref',
  'magnum_cert_ref',
  'etcd_ca_cert_ref',
  'front_proxy_ca_cert_ref',
  'trust_id',
  'trustee_user_name',
  'trustee_password',
  'trustee_user_id',
];

const CHANGEABLE = new Set(['node_count', 'health_status', 'health_status_reason']);

const healthBody = z.object({
  health_status: choice(['HEALTHY', 'UNHEALTHY', 'UNKNOWN']).nullish(),
  health_status_reason: z
    .record(z.string().max(255), z.union([z.string(), z.number(), z.boolean(), z.null()]).transform(String), {
      error: 'must be a dict of texts',
    })
    .nullish(),
});

/** Changes the number of workers, or notes what a health checker found; nothing else can change. */
export async function patchCluster(api: Api, request: PatchRequest, target: Cluster): Promise<ApiResponse> {
  const rollsBack = wantsRollback(request);
  enforce(api.policy, request.identity, 'cluster:update_health_status');
  const before = await documentOf(api, request, target);
  const after = patched(before, request.body, { fixed: UNPATCHABLE });
  const changed = changedAttributes(before, after);
  const forbidden = changed.filter((name) => !CHANGEABLE.has(name));
  refuse(forbidden.map((field) => ({ field, message: 'can not be changed; only node_count and health_status can' })));
  const nodeCount = countsNodes(request.body) ? parse(nodeCountBody, after).node_count : undefined;
  refuse(zeroNodesProblems(request.minor, nodeCount));
  const wanted =
    nodeCount === undefined
      ? undefined
      : { node_count: nodeCount, nodes_to_remove: [], nodegroup: undefined, rollsBack };
  if (wanted !== undefined) refuseOrder((await judgeResize(api, request, target, wanted)).findings);
  const health = changed.some((name) => name.startsWith('health_')) ? parse(healthBody, after) : undefined;
  const operationId = await onLockedCluster(api, request, target.uuid, 'cluster-patch', async (trx, cluster) => {
    if (health !== undefined) {
      await clusters.update(
        trx,
        { uuid: cluster.uuid },
        {
          healthStatus: health.health_status ?? undefined,
          healthStatusReason: health.health_status_reason ?? {},
          updatedAt: api.clock.now(),
        },
      );
    }
    if (wanted === undefined) return undefined;
    return resizeLocked(trx, api, request, cluster, wanted);
  });
  if (operationId !== undefined) await announceOperation(api, operationId, request.requestId);
  return { status: 202, body: { uuid: target.uuid } };
}

/** Removed, it is what a create without it would have. */
const nodeCountBody = z.object({ node_count: z.preprocess((value) => value ?? 1, requiredInteger(0)) });

function countsNodes(patch: Patch): boolean {
  return patch.some(({ path }) => path === '/node_count');
}

/** @throws ServiceError `invalid` where the version does not know of it. */
export function wantsRollback({ minor, query }: Pick<PatchRequest, 'minor' | 'query'>): boolean {
  if (query.rollback === undefined) return false;
  if (minor < ROLLBACK_SINCE) refuse([{ field: 'rollback', message: 'unknown argument' }]);
  return query.rollback;
}

/** The cluster as its view shows it, with the workers of the default group as `node_count`. */
async function documentOf(api: Api, request: PatchRequest, cluster: Cluster): Promise<Document> {
  const group = await api.db.read('cluster-patch-find', (query) =>
    nodeGroups.find(query, { clusterId: cluster.uuid, name: DEFAULT_WORKER_GROUP }),
  );
  const view = clusterView({ cluster, members: undefined, templateLabels: undefined }, request);
  return { ...view, node_count: group?.nodeCount ?? 0 };
}
