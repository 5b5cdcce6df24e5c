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
import { isServiceError, ServiceError } from '../../common/errors.js';
import { accountRoles } from '../account-roles.js';
import { getTemplate } from '../cluster-templates/find-template.js';
import { storageProblems } from '../cluster-templates/template-schema.js';
import type { ClusterOrder } from '../cluster-types.js';
import type { Api } from '../deps.js';
import { generatedName } from '../generated-names.js';
import type { Minor } from '../microversion.js';
import { announceOperation, recordOperation } from '../operations.js';
import { checkReferences } from '../reference-checks.js';
import type { ApiRequest, ApiResponse, Caller } from '../route.js';
import { type Finding, refuse } from '../validation.js';
import { type ClusterBody, clusterOrder } from './cluster-order.js';
import { counted, zeroNodesProblems } from './node-counts.js';
import { type AccountColumns, type OrderedAccount, orderAccount, refuseUntrusting } from './trusted-account.js';
import { tellUnknownLabels } from './unknown-labels.js';

/** First version in which an unknown template is a 404. */
const MISSING_TEMPLATE_IS_404: Minor = 10;

/** Of the cluster and its groups. */
const CREATING = 'CREATE_IN_PROGRESS' as const;

/** Columns that the request and its template decide. */
type OrderedCluster = Omit<Cluster, 'id' | 'status' | 'createdAt' | keyof typeof newCluster | keyof AccountColumns>;

export async function createCluster(api: Api, request: ApiRequest<undefined, ClusterBody>): Promise<ApiResponse> {
  const { body, identity, signal } = request;
  const { projectId } = identity;
  if (projectId === undefined) {
    throw new ServiceError('forbidden', 'A cluster belongs to a project: come with a token of one.');
  }
  refuseUntrusting(api, identity);
  refuse(zeroNodesProblems(request.minor, body.node_count));
  const template = await templateOf(api, request, body.cluster_template_id);
  const order = clusterOrder(body, template);
  const { keypair, sshPublicKey } = await checkedOrder(api, request, order, template, body.keypair);
  const roles = await accountRoles(api, identity);
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
    labels: { ...order.labels, ...api.clusterTypes.settledLabels(template.driver, order.labels) },
    flavorId: order.flavorId,
    masterFlavorId: order.masterFlavorId,
    fixedNetwork: order.fixedNetwork,
    fixedSubnet: order.fixedSubnet,
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

/** Tempest, at 1.1, expects a 400 for an unknown template; later versions of upstream answer 404. */
async function templateOf(api: Api, request: Caller, ident: string): Promise<ClusterTemplate> {
  try {
    return await getTemplate(api, request.scope, ident);
  } catch (error) {
    if (!isServiceError(error, 'not_found') || request.minor >= MISSING_TEMPLATE_IS_404) throw error;
    throw new ServiceError('invalid', error.message, { code: error.code, field: 'cluster_template_id', cause: error });
  }
}

/** @throws ServiceError with all that is wrong with the order at once; a missing keypair alone is a 404, as upstream. */
async function checkedOrder(
  api: Api,
  request: Caller,
  order: ClusterOrder,
  template: ClusterTemplate,
  keypairGiven: string | undefined,
): Promise<{ keypair: string | undefined; sshPublicKey: string | undefined }> {
  const { identity } = request;
  const { clusterTypes, references } = api;
  const keypair = keypairGiven ?? template.keypairId;
  const kind = { serverType: template.serverType, os: template.clusterDistro ?? '', coe: template.coe };
  if (clusterTypes.driverFor(kind) !== template.driver) {
    refuse([
      {
        field: 'cluster_template_id',
        message: `the driver ${template.driver} of this template is not offered any more`,
      },
    ]);
  }
  const named = { ...order, imageId: template.imageId, externalNetworkId: template.externalNetworkId };
  const [checked, key] = await Promise.all([
    checkReferences(references, identity, named),
    keypair === undefined ? undefined : references.keypair(identity, keypair),
  ]);
  const { catalog } = identity.known;
  const cloud = {
    loadBalancers: api.offers(catalog, 'load-balancer'),
    objectStore: api.offers(catalog, 'object-store'),
  };
  const problems = [
    ...clusterTypes.clusterProblems({ ...order, cloud }, template),
    ...storageProblems(template.dockerStorageDriver, order.dockerVolumeSize),
    ...checked.problems,
    ...distroProblems(checked.osDistro, template),
  ];
  const lostKeypair = keypair !== undefined && key === undefined;
  const message = `Keypair ${keypair} could not be found`;
  if (problems.length > 0) refuse(lostKeypair ? [...problems, { field: 'keypair', message }] : problems);
  if (lostKeypair) throw new ServiceError('not_found', `${message}.`, { code: 'keypair_not_found', field: 'keypair' });
  return { keypair, sshPublicKey: key?.publicKey };
}

/** Someone may have changed the image since the template was made. */
function distroProblems(osDistro: string | undefined, template: ClusterTemplate): Finding[] {
  if (osDistro === undefined || osDistro === template.clusterDistro) return [];
  const message = `image ${template.imageId} has os_distro ${osDistro} now, and had ${template.clusterDistro} when the template was made`;
  return [{ field: 'image_id', message }];
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
