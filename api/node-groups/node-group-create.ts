import { type ClusterTemplate, templateOfCluster } from '../../common/db/cluster-templates.js';
import type { Cluster } from '../../common/db/clusters.js';
import type { Query } from '../../common/db/database.js';
import { type NodeGroup, nodeGroups } from '../../common/db/node-groups.js';
import { ServiceError } from '../../common/errors.js';
import { reason, reasonSentence } from '../../common/reasons.js';
import { storageProblems } from '../cluster-templates/template-schema.js';
import { forecastChange } from '../clusters/cluster-forecast.js';
import { refuseUnlessResizable } from '../clusters/cluster-resize.js';
import { sizeProblems } from '../clusters/cluster-size.js';
import { onLockedCluster } from '../clusters/locked-cluster.js';
import { counted } from '../clusters/node-counts.js';
import { tellUnknownLabels } from '../clusters/unknown-labels.js';
import type { Api } from '../deps.js';
import { type DryRunQuery, dryRun } from '../dry-run.js';
import { acceptOperation, announceOperation, findSuperseded } from '../operations.js';
import { NOT_PLANNED } from '../preflight.js';
import { checkReferences } from '../reference-checks.js';
import type { ApiRequest, ApiResponse, Caller } from '../route.js';
import { type Finding, refuse, refuseOrder } from '../validation.js';
import { boundsProblems, groupLabels, type NodeGroupBody, requestProblems } from './node-group-order.js';
import { groupView } from './node-group-view.js';
import { parseScheduling } from './scheduling.js';

const MAX_NODE_GROUPS = 100;

type NewGroup = Omit<NodeGroup, 'id'>;

/** Writes the group with what it wants, and opens the operation that makes it. */
export async function createNodeGroup(
  api: Api,
  request: ApiRequest<DryRunQuery, NodeGroupBody>,
  target: Cluster,
): Promise<ApiResponse> {
  refuseUnready(target);
  const group = orderedGroup(api, request.body, target);
  const { template, present, tooMany } = await api.db.read('nodegroup-template', async (query) => {
    const all = await nodeGroups.list(query, { clusterId: target.uuid });
    const template = await templateOfCluster(query, target);
    return { template, present: all, tooMany: await sizeProblems(query, api, target, [...all, group]) };
  });
  const problems = [
    ...requestProblems(request.body, target),
    ...tooMany,
    ...(await referenceProblems(api, request, { cluster: target, template, groups: present }, group)),
  ];
  const conflicts = [...boundsProblems(group), ...api.clusterTypes.schedulingProblems(target.driver, group)];
  const known = { cluster: target, template };
  const { plan, findings } =
    problems.length > 0
      ? NOT_PLANNED
      : await forecastChange(api, request.identity, known, present, [...present, group]);
  if (request.query.dry_run === true) {
    await api.db.read('nodegroup-judge', (query) => refuseUnchangeable(query, target));
    refuseTooMany(target, present);
    return dryRun(plan, [...problems, ...takenProblems(present, group), ...conflicts, ...findings]);
  }
  refuse(problems);
  refuse(conflicts, 'conflict');
  refuseOrder(findings);
  const { operationId, accepted } = await onLockedCluster(
    api,
    request,
    target.uuid,
    'nodegroup-create',
    (trx, cluster) => writeGroup(trx, api, request, cluster, { ...group, imageId: group.imageId ?? template.imageId }),
  );
  await announceOperation(api, operationId, request.requestId);
  return { status: 202, body: groupView(accepted, target, [], request.baseUrl) };
}

/** Upstream's rule: nodes join a cluster that has an address. */
function refuseUnready({ name, status, apiAddress }: Cluster): void {
  if (apiAddress !== undefined) return;
  throw new ServiceError(
    'conflict',
    `Cluster ${name} is ${status} and has no API address yet; ask again when it has.`,
    {
      code: 'cluster_not_ready',
    },
  );
}

function orderedGroup(api: Api, body: NodeGroupBody, cluster: Cluster): NewGroup {
  return {
    uuid: api.ids.uuid(),
    clusterId: cluster.uuid,
    projectId: cluster.projectId,
    name: body.name,
    role: body.role ?? 'worker',
    isDefault: false,
    nodeCount: body.node_count ?? 1,
    minNodeCount: body.min_node_count ?? 0,
    maxNodeCount: body.max_node_count,
    nextOrdinal: 0,
    flavorId: body.flavor_id ?? cluster.flavorId,
    imageId: body.image_id,
    dockerVolumeSize: body.docker_volume_size,
    labels: groupLabels(body, cluster),
    ...parseScheduling(body),
    status: undefined,
    statusReason: undefined,
    stackId: undefined,
    version: undefined,
    createdAt: api.clock.now(),
    updatedAt: undefined,
  };
}

/** What the cloud has, as the caller sees it, and what the cluster's driver makes of it. */
async function referenceProblems(
  api: Api,
  { identity }: Caller,
  { cluster, template, groups }: { cluster: Cluster; template: ClusterTemplate; groups: NodeGroup[] },
  group: NewGroup,
): Promise<Finding[]> {
  const imageId = group.imageId ?? template.imageId;
  const checked = await checkReferences(api.references, identity, {
    imageId,
    flavorId: group.flavorId,
    masterFlavorId: undefined,
    externalNetworkId: undefined,
    fixedNetwork: undefined,
    fixedSubnet: undefined,
  });
  const { osDistro } = checked;
  const { floatingIpEnabled, fixedNetwork, labels: clusterLabels } = cluster;
  const order = { ...group, floatingIpEnabled, fixedNetwork, clusterLabels, groups, distro: osDistro };
  return [
    ...checked.problems,
    ...(osDistro === undefined ? [] : distroProblems(api, osDistro, template, imageId)),
    ...storageProblems(template.dockerStorageDriver, group.dockerVolumeSize),
    ...api.clusterTypes.nodeGroupProblems(order, template),
  ];
}

function distroProblems(api: Api, os: string, template: ClusterTemplate, imageId: string): Finding[] {
  const { serverType, coe, driver } = template;
  if (api.clusterTypes.driverFor({ serverType, os, coe }) === driver) return [];
  const message = `image ${imageId} has os_distro ${os}, which the driver ${driver} does not serve`;
  return [
    { field: 'image_id', code: 'image_unsupported', message: reasonSentence(reason('image_unsupported', message)) },
  ];
}

async function refuseUnchangeable(query: Query, cluster: Cluster): Promise<void> {
  await findSuperseded(query, cluster, 'create_node_group');
  refuseUnlessResizable(cluster);
}

function takenProblems(present: readonly NodeGroup[], { name }: NewGroup): Finding[] {
  if (!present.some((group) => group.name === name)) return [];
  return [{ field: 'name', code: 'nodegroup_exists', message: `the cluster has a nodegroup ${name} already` }];
}

function refuseTooMany({ name }: Cluster, present: readonly NodeGroup[]): void {
  if (present.length < MAX_NODE_GROUPS) return;
  throw new ServiceError('invalid', `Cluster ${name} has ${MAX_NODE_GROUPS} nodegroups, which is the limit.`);
}

/** On a cluster that this transaction has locked. @throws ServiceError `invalid`, `conflict`. */
async function writeGroup(trx: Query, api: Api, request: Caller, cluster: Cluster, group: NewGroup) {
  await refuseUnchangeable(trx, cluster);
  const present = await nodeGroups.list(trx, { clusterId: cluster.uuid });
  if (present.some(({ name }) => name === group.name)) {
    throw new ServiceError('conflict', `Cluster ${cluster.name} has a nodegroup ${group.name} already.`, {
      code: 'nodegroup_exists',
      field: 'name',
    });
  }
  refuseTooMany(cluster, present);
  refuse(await sizeProblems(trx, api, cluster, [...present, group]));
  await nodeGroups.insert(trx, group);
  const order = {
    cluster,
    kind: 'create_node_group' as const,
    params: { nodeGroupId: group.uuid },
    timeoutMinutes: cluster.createTimeout || api.config.clusterHeat.createTimeout,
    userId: request.identity.userId,
    requestId: request.requestId,
    message: `Create of node group ${group.name} accepted: ${counted(group.nodeCount, 'node')} with the role ${group.role}.`,
  };
  const operationId = await acceptOperation(trx, api, order, [group.uuid]);
  const own = Object.entries(group.labels).filter(([label]) => !Object.hasOwn(cluster.labels, label));
  await tellUnknownLabels(trx, api, cluster, operationId, Object.fromEntries(own));
  const accepted = await nodeGroups.find(trx, { uuid: group.uuid });
  if (accepted === undefined)
    throw new ServiceError('internal', `Node group ${group.uuid} was written and is not there`);
  return { operationId, accepted };
}
