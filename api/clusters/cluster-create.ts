import { type ClusterTemplate, clusterTemplates } from '../../common/db/cluster-templates.js';
import { type Cluster, clusters, newCluster } from '../../common/db/clusters.js';
import type { Query } from '../../common/db/database.js';
import {
  DEFAULT_MASTER_GROUP,
  DEFAULT_WORKER_GROUP,
  MASTER_ROLE,
  type NodeGroup,
  nodeGroups,
} from '../../common/db/node-groups.js';
import type { Scope } from '../../common/db/scope.js';
import { isServiceError, ServiceError } from '../../common/errors.js';
import { accountRoles } from '../account-roles.js';
import { getTemplate } from '../cluster-templates/find-template.js';
import type { ClusterOrder } from '../cluster-types.js';
import type { Api } from '../deps.js';
import { type DryRunQuery, dryRun } from '../dry-run.js';
import { generatedName } from '../generated-names.js';
import type { Minor } from '../microversion.js';
import { announceOperation, recordOperation } from '../operations.js';
import { holdToQuota, refuseWithoutQuota } from '../quotas/cluster-quota.js';
import type { ApiRequest, ApiResponse, Caller } from '../route.js';
import { refuse } from '../validation.js';
import { type ClusterBody, clusterOrder } from './cluster-order.js';
import { judgeOrder, refuseJudged } from './judged-order.js';
import { counted, zeroNodesProblems } from './node-counts.js';
import { type AccountColumns, type OrderedAccount, orderAccount, refuseUntrusting } from './trusted-account.js';
import { tellUnknownLabels } from './unknown-labels.js';

/** First version in which an unknown template is a 404. */
const MISSING_TEMPLATE_IS_404: Minor = 10;

/** Of the cluster and its groups. */
const CREATING = 'CREATE_IN_PROGRESS' as const;

/** Columns that the request and its template decide. */
type OrderedCluster = Omit<Cluster, 'id' | 'status' | 'createdAt' | keyof typeof newCluster | keyof AccountColumns>;

/** Of a bay there is no query. */
export type CreateRequest = ApiRequest<DryRunQuery | undefined, ClusterBody>;

export async function createCluster(api: Api, request: CreateRequest): Promise<ApiResponse> {
  const { body, identity, signal } = request;
  const { projectId } = identity;
  if (projectId === undefined) {
    throw new ServiceError('forbidden', 'A cluster belongs to a project: come with a token of one.');
  }
  refuseUntrusting(api, identity);
  await refuseWithoutQuota(api, projectId);
  refuse(zeroNodesProblems(request.minor, body.node_count));
  const template = await templateOf(api, request, body.cluster_template_id);
  const order = clusterOrder(body, template);
  const judged = await judgeOrder(api, request, order, template, body.keypair);
  const isDryRun = request.query?.dry_run === true;
  if (!isDryRun) refuseJudged(judged);
  const roles = await accountRoles(api, identity);
  if (isDryRun) return dryRun(judged.plan, judged.findings);
  const { keypair, sshPublicKey, fixedSubnet } = judged;
  const settled = api.clusterTypes.settledLabels(template.driver, order.labels);
  const cluster: OrderedCluster = {
    uuid: api.ids.uuid(),
    projectId,
    userId: identity.userId,
    name: body.name ?? generatedName(api.ids, 'cluster'),
    clusterTemplateId: template.uuid,
    coe: template.coe,
    driver: template.driver,
    keypair,
    sshPublicKey,
    dockerVolumeSize: order.dockerVolumeSize,
    labels: { ...order.labels, ...settled },
    settledLabels: Object.keys(settled).filter((name) => !Object.hasOwn(order.labels, name)),
    flavorId: order.flavorId,
    masterFlavorId: order.masterFlavorId,
    fixedNetwork: order.fixedNetwork,
    fixedSubnet,
    floatingIpEnabled: order.floatingIpEnabled,
    masterLbEnabled: order.masterLbEnabled,
    createTimeout: body.create_timeout ?? api.config.clusterHeat.createTimeout,
    discoveryUrl: body.discovery_url,
  };
  signal.throwIfAborted();
  const account = await orderAccount(api, identity, cluster, roles);
  signal.throwIfAborted();
  const operationId = await api.db.transaction('cluster-create', (trx) =>
    writeIntent(trx, api, request, { cluster, order, template, account }),
  );
  await announceOperation(api, operationId, request.requestId);
  return { status: 202, body: { uuid: cluster.uuid } };
}

/** Upstream's rule: what is public and hidden is for admins to make clusters of. What is not public is its project's alone. */
function templateScope({ identity, scope }: Caller): Scope {
  return identity.isAdmin && scope.kind === 'project' ? { ...scope, seesHidden: true } : scope;
}

/** Tempest, at 1.1, expects a 400 for an unknown template; later versions of upstream answer 404. */
async function templateOf(api: Api, request: Caller, ident: string): Promise<ClusterTemplate> {
  try {
    return await getTemplate(api, templateScope(request), ident);
  } catch (error) {
    if (!isServiceError(error, 'not_found') || request.minor >= MISSING_TEMPLATE_IS_404) throw error;
    throw new ServiceError('invalid', error.message, { code: error.code, field: 'cluster_template_id', cause: error });
  }
}

interface Intent {
  cluster: OrderedCluster;
  account: OrderedAccount;
  order: ClusterOrder;
  template: ClusterTemplate;
}

/** Cluster, its two default groups, the operation and its events: all of it or nothing. */
async function writeIntent(trx: Query, api: Api, request: Caller, intent: Intent): Promise<string> {
  const { cluster, order, template, account } = intent;
  const createdAt = api.clock.now();
  // Locked against being deleted or changed while its first cluster is being accepted; other creates may share it.
  const locked = await clusterTemplates.rows(trx).where({ uuid: template.uuid }).forShare().first('id');
  if (locked === undefined) {
    throw new ServiceError('invalid', `ClusterTemplate ${template.uuid} could not be found.`, {
      field: 'cluster_template_id',
    });
  }
  const accepted = { ...newCluster, ...cluster, ...account.columns, status: CREATING, createdAt };
  await clusters.insert(trx, accepted);
  await account.record(trx);
  await nodeGroups.insertAll(trx, defaultGroups(api, intent, createdAt));
  const operationId = await recordOperation(trx, api, {
    cluster: { ...accepted, id: 0 },
    kind: 'create',
    params: {},
    timeoutMinutes: cluster.createTimeout || api.config.clusterHeat.createTimeout,
    userId: cluster.userId,
    requestId: request.requestId,
    message: `Create accepted: ${counted(order.masterCount, 'master')} and ${counted(order.nodeCount, 'worker')}.`,
  });
  await tellUnknownLabels(trx, api, cluster, operationId, cluster.labels);
  await holdToQuota(trx, api, cluster.projectId);
  return operationId;
}

function defaultGroups(api: Api, { cluster, order, template }: Intent, createdAt: number): Omit<NodeGroup, 'id'>[] {
  const group = (
    name: string,
    role: string,
    nodeCount: number,
    flavorId: string | undefined,
    minNodeCount: number,
  ) => ({
    uuid: api.ids.uuid(),
    clusterId: cluster.uuid,
    projectId: cluster.projectId,
    name,
    role,
    isDefault: true,
    nodeCount,
    minNodeCount,
    maxNodeCount: undefined,
    nextOrdinal: 0,
    flavorId,
    imageId: template.imageId,
    dockerVolumeSize: order.dockerVolumeSize,
    labels: cluster.labels,
    nodeLabels: {},
    nodeTaints: [],
    status: CREATING,
    statusReason: undefined,
    stackId: undefined,
    version: undefined,
    createdAt,
    updatedAt: undefined,
  });
  return [
    group(DEFAULT_MASTER_GROUP, MASTER_ROLE, order.masterCount, order.masterFlavorId, 1),
    group(DEFAULT_WORKER_GROUP, 'worker', order.nodeCount, order.flavorId, 0),
  ];
}
