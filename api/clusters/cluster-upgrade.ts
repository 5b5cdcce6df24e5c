import { z } from 'zod';
import { type ClusterTemplate, clusterTemplates } from '../../common/db/cluster-templates.js';
import { type Cluster, clusters } from '../../common/db/clusters.js';
import type { Query } from '../../common/db/database.js';
import { MASTER_ROLE, type NodeGroup, nodeGroups } from '../../common/db/node-groups.js';
import { ServiceError } from '../../common/errors.js';
import { getTemplate } from '../cluster-templates/find-template.js';
import type { UpgradePlan } from '../cluster-types.js';
import type { Api } from '../deps.js';
import { orElse, requiredInteger, requiredText, text } from '../fields.js';
import type { Minor } from '../microversion.js';
import { acceptOperation, announceOperation, findSuperseded } from '../operations.js';
import type { ApiRequest, ApiResponse } from '../route.js';
import { unsupported } from '../unsupported.js';
import { refuse } from '../validation.js';
import { groupOf, refuseGoing, refuseUnlessResizable } from './cluster-resize.js';
import { onLockedCluster } from './locked-cluster.js';
import { differences } from './upgrade-differences.js';

/** 1.7 has the path, and upstream refuses it there. */
const UPGRADES_SINCE: Minor = 8;

export const upgradeBody = z.strictObject({
  cluster_template: requiredText(),
  max_batch_size: orElse(requiredInteger(1), 1),
  nodegroup: text(),
});

type UpgradeRequest = ApiRequest<undefined, z.output<typeof upgradeBody>>;

/**
 * Brings a cluster in place to what another template says of its version; of the template's labels upstream takes no
 * more. The node groups' own labels follow when their first node has changed.
 */
export async function upgradeCluster(api: Api, request: UpgradeRequest, target: Cluster): Promise<ApiResponse> {
  if (request.minor < UPGRADES_SINCE) throw unsupported(`Upgrading a cluster before version 1.${UPGRADES_SINCE}`);
  const template = await getTemplate(api, request.scope, request.body.cluster_template);
  const operationId = await onLockedCluster(api, request, target.uuid, 'cluster-upgrade', (trx, cluster) =>
    upgradeLocked(trx, api, request, cluster, template),
  );
  await announceOperation(api, operationId, request.requestId);
  return { status: 202, body: { uuid: target.uuid } };
}

/** On a cluster that this transaction has locked. @throws ServiceError `invalid`, `conflict`, `not_found`. */
async function upgradeLocked(
  trx: Query,
  api: Api,
  request: UpgradeRequest,
  cluster: Cluster,
  template: ClusterTemplate,
): Promise<string> {
  const { nodegroup } = request.body;
  await findSuperseded(trx, cluster, 'upgrade');
  refuseUnlessResizable(cluster);
  const groups = await nodeGroups.list(trx, { clusterId: cluster.uuid });
  const named = nodegroup === undefined ? undefined : groupOf(groups, nodegroup, cluster);
  const further = named?.isDefault === false ? named : undefined;
  if (further !== undefined) refuseGoing(further);
  const plan = api.clusterTypes.upgradePlan(cluster.driver, {
    labels: cluster.labels,
    groups,
    runningVersion: cluster.coeVersion,
    wanted: template.labels,
    groupId: further?.uuid,
  });
  if (plan === undefined) throw unsupported(`Upgrading a cluster of the driver ${cluster.driver}`);
  if (further !== undefined) refuseOther(cluster, template, further);
  else await refuseUnfit(trx, cluster, template, plan);
  refuse(plan.problems);
  const concerned = further === undefined ? groups.filter(({ isDefault }) => isDefault) : [further];
  await pinVersions(trx, plan, groups);
  if (further === undefined) await follow(trx, cluster, template, plan);
  return acceptOperation(trx, api, orderOf(api, request, { cluster, template, plan, concerned }), idsOf(concerned));
}

/** Upstream's rule: a further group goes where its cluster is already. */
function refuseOther(cluster: Cluster, template: ClusterTemplate, { name }: NodeGroup): void {
  if (template.uuid === cluster.clusterTemplateId) return;
  const message = `Nodegroup ${name} can only be upgraded to the template of its cluster, ${cluster.clusterTemplateId}.`;
  throw new ServiceError('conflict', message, { code: 'template_unfit', field: 'cluster_template' });
}

/** What else a template says stays as it is, so it must say the same of what nodes and network depend on. */
async function refuseUnfit(trx: Query, cluster: Cluster, template: ClusterTemplate, plan: UpgradePlan): Promise<void> {
  // Locked against being deleted or changed meanwhile.
  const locked = await clusterTemplates.rows(trx).where({ uuid: template.uuid }).forShare().first('id');
  const present = await clusterTemplates.find(trx, { uuid: cluster.clusterTemplateId });
  const why = [
    ...(locked === undefined ? ['it was deleted meanwhile'] : []),
    ...(plan.unfit === undefined ? [] : [plan.unfit]),
    ...(present === undefined ? [] : differences(present, template)),
  ];
  if (why.length === 0) return;
  const message = `ClusterTemplate ${template.name} can't be upgraded to: ${why.join('; ')}.`;
  throw new ServiceError('conflict', message, { code: 'template_unfit', field: 'cluster_template' });
}

/** Groups that left the version open keep the one that they have, until the conductor takes them along. */
async function pinVersions(trx: Query, plan: UpgradePlan, groups: NodeGroup[]): Promise<void> {
  for (const { uuid, labels } of groups) {
    await nodeGroups.update(trx, { uuid }, { labels: { ...plan.labelsBefore, ...labels } });
  }
}

async function follow(trx: Query, cluster: Cluster, template: ClusterTemplate, plan: UpgradePlan): Promise<void> {
  const labels = { ...cluster.labels, ...plan.labels };
  // What is upgraded to is asked for, though the order had left it open.
  const settledLabels = cluster.settledLabels?.filter((name) => !Object.hasOwn(plan.labels, name));
  await clusters.update(trx, { uuid: cluster.uuid }, { clusterTemplateId: template.uuid, labels, settledLabels });
}

interface Accepted {
  cluster: Cluster;
  template: ClusterTemplate;
  plan: UpgradePlan;
  concerned: NodeGroup[];
}

/** Minutes for one node, or one batch of them: it is drained, fetches its software and starts again. */
const BATCH_MINUTES = 20;

function orderOf(api: Api, { body, identity, requestId }: UpgradeRequest, accepted: Accepted) {
  const { cluster, template, plan, concerned } = accepted;
  const countOf = (groups: NodeGroup[]) => groups.reduce((sum, { nodeCount }) => sum + nodeCount, 0);
  const masters = countOf(concerned.filter(({ role }) => role === MASTER_ROLE));
  const batches = masters + Math.ceil((countOf(concerned) - masters) / body.max_batch_size);
  const names = concerned.map(({ name }) => name).join(', ');
  return {
    cluster,
    kind: 'upgrade' as const,
    params: {
      upgrade: {
        version: plan.version,
        labels: plan.labels,
        nodeGroupIds: idsOf(concerned),
        maxBatchSize: body.max_batch_size,
      },
    },
    timeoutMinutes: (cluster.createTimeout || api.config.clusterHeat.createTimeout) + batches * BATCH_MINUTES,
    userId: identity.userId,
    requestId,
    message: `Upgrade of ${names} from ${plan.before} to ${plan.version} accepted, after template ${template.name}.`,
  };
}

function idsOf(groups: NodeGroup[]): string[] {
  return groups.map(({ uuid }) => uuid);
}
