import type { Reason } from '../reasons.js';
import type { Query } from './database.js';
import { type ListFilters, NO_FILTERS, rowsWith } from './list-filters.js';
import { MASTER_ROLE } from './node-groups.js';
import { applyPage, type Page } from './page.js';
import { applyScope, type Scope } from './scope.js';
import { Table } from './table.js';

export type ClusterAction = 'CREATE' | 'UPDATE' | 'DELETE' | 'ROLLBACK';
export type ClusterStatus = `${ClusterAction}_${'IN_PROGRESS' | 'COMPLETE' | 'FAILED'}`;
export type HealthStatus = 'HEALTHY' | 'UNHEALTHY' | 'UNKNOWN';

/**
 * How the cluster's account comes to its rights: roles that the service user grants it, or a trust of the creator's.
 * Decided when the cluster is made.
 */
export type AccountKind = 'user' | 'trust';

/**
 * How far the change of its certificate authorities has come: nodes come to trust the new ones beside the old; they get
 * certificates of the new; until its owner goes on, both are good; masters show users certificates of the new; nodes
 * trust the old no more.
 */
export type RotationStage = 'trust' | 'issue' | 'open' | 'serve' | 'drop';

export interface Cluster {
  id: number;
  uuid: string;
  projectId: string;
  userId: string;
  name: string;
  clusterTemplateId: string;
  coe: string;
  driver: string;
  keypair: string | undefined;
  /** The creator's public key, read with the creator's token when the cluster was accepted. */
  sshPublicKey: string | undefined;
  dockerVolumeSize: number | undefined;
  labels: Record<string, string>;
  /** Those of them that its owner left open: views leave them out, for clients compare with what was asked for. */
  settledLabels: string[] | undefined;
  flavorId: string | undefined;
  masterFlavorId: string | undefined;
  fixedNetwork: string | undefined;
  fixedSubnet: string | undefined;
  floatingIpEnabled: boolean;
  masterLbEnabled: boolean;
  /** Minutes. */
  createTimeout: number | undefined;
  discoveryUrl: string | undefined;
  accountKind: AccountKind;
  /** Role ids that the cluster's account gets on the project. */
  accountRoles: string[];
  accountUserId: string | undefined;
  /** Of kind `trust` only. */
  trustId: string | undefined;
  /** Goes up whenever the account's password may have changed: no conductor goes on with the older one. */
  accountGeneration: number;
  /** Undefined: it has one of each. */
  caRotation: RotationStage | undefined;
  status: ClusterStatus;
  statusReason: string | undefined;
  reason: Reason | undefined;
  /** Failed resource → why. */
  faults: Record<string, string>;
  healthStatus: HealthStatus | undefined;
  healthStatusReason: Record<string, string>;
  apiAddress: string | undefined;
  coeVersion: string | undefined;
  containerVersion: string | undefined;
  /** Heat's id of the infrastructure stack. */
  stackId: string | undefined;
  /** Goes up with every write of the API, so two writers always collide, on Galera too. */
  version: number;
  leaseOwner: string | undefined;
  leaseExpiresAt: number | undefined;
  /** Goes up with every lease; the conductor's writes name it. */
  fence: number;
  /** Goes up with every fenced write, for the same reason as `version`. */
  leaseWrites: number;
  createdAt: number;
  updatedAt: number | undefined;
}

export const clusters = new Table<Cluster>('clusters', {
  id: 'number',
  uuid: 'text',
  projectId: 'text',
  userId: 'text',
  name: 'text',
  clusterTemplateId: 'text',
  coe: 'text',
  driver: 'text',
  keypair: 'text',
  sshPublicKey: 'text',
  dockerVolumeSize: 'number',
  labels: 'json',
  settledLabels: 'json',
  flavorId: 'text',
  masterFlavorId: 'text',
  fixedNetwork: 'text',
  fixedSubnet: 'text',
  floatingIpEnabled: 'boolean',
  masterLbEnabled: 'boolean',
  createTimeout: 'number',
  discoveryUrl: 'text',
  accountKind: 'text',
  accountRoles: 'json',
  accountUserId: 'text',
  trustId: 'text',
  accountGeneration: 'number',
  caRotation: 'text',
  status: 'text',
  statusReason: 'text',
  reason: 'json',
  faults: 'json',
  healthStatus: 'text',
  healthStatusReason: 'json',
  apiAddress: 'text',
  coeVersion: 'text',
  containerVersion: 'text',
  stackId: 'text',
  version: 'number',
  leaseOwner: 'text',
  leaseExpiresAt: 'number',
  fence: 'number',
  leaseWrites: 'number',
  createdAt: 'number',
  updatedAt: 'number',
});

/** What every cluster has when it is accepted, whatever was ordered. */
export const newCluster = {
  accountGeneration: 0,
  caRotation: undefined,
  statusReason: undefined,
  reason: undefined,
  faults: {},
  healthStatus: undefined,
  healthStatusReason: {},
  apiAddress: undefined,
  coeVersion: undefined,
  containerVersion: undefined,
  stackId: undefined,
  version: 1,
  leaseOwner: undefined,
  leaseExpiresAt: undefined,
  fence: 0,
  leaseWrites: 0,
  updatedAt: undefined,
} satisfies Partial<Cluster>;

const summaryFields = [
  'uuid',
  'name',
  'clusterTemplateId',
  'keypair',
  'dockerVolumeSize',
  'labels',
  'settledLabels',
  'status',
  'healthStatus',
  'masterFlavorId',
  'flavorId',
  'createTimeout',
  'stackId',
] as const satisfies (keyof Cluster)[];

/** What a list shows of each cluster. */
export type ClusterSummary = Pick<Cluster, (typeof summaryFields)[number]>;

const clusterSummaries = clusters.only(summaryFields);

/** Nodes that its groups should have, masters or all others. */
export interface NodeCounts {
  masterCount: number;
  nodeCount: number;
}

/** With the counts: a second query for them would take as long as the list. */
export async function listClusterSummaries(
  scope: Scope,
  query: Query,
  page: Page,
  filters: ListFilters = NO_FILTERS,
): Promise<(ClusterSummary & NodeCounts)[]> {
  const count = (comparison: '=' | '<>', name: string) =>
    query.raw(
      `(SELECT SUM(node_count) FROM node_groups WHERE cluster_id = clusters.uuid AND role ${comparison} ?) AS ${name}`,
      [MASTER_ROLE],
    );
  const rows = applyScope(scope, clusterSummaries.rows(query), 'clusters').select(
    query.raw(clusterSummaries.selection),
    count('=', 'masterCount'),
    count('<>', 'nodeCount'),
  );
  const found: NodeCounts[] = await await applyPage(rows, 'clusters', page, rowsWith('clusters', filters));
  for (const counts of found) {
    // MariaDB gives sums as texts.
    counts.masterCount = Number(counts.masterCount);
    counts.nodeCount = Number(counts.nodeCount);
  }
  return found.map((row) => clusterSummaries.fromSelected(row));
}

export async function listClusters(
  scope: Scope,
  query: Query,
  page: Page,
  filters: ListFilters = NO_FILTERS,
): Promise<Cluster[]> {
  const rows = applyScope(scope, clusters.rows(query), 'clusters');
  return clusters.fromRows(await await applyPage(rows, 'clusters', page, rowsWith('clusters', filters)));
}

/** At most two: the caller needs to know whether a name is ambiguous, not how often. */
export async function findClusters(
  scope: Scope,
  query: Query,
  by: { uuid: string } | { name: string },
): Promise<Cluster[]> {
  return clusters.fromRows(await applyScope(scope, clusters.rows(query), 'clusters').where(by).orderBy('id').limit(2));
}

const shownFields = [
  ...summaryFields,
  'statusReason',
  'faults',
  'healthStatusReason',
  'apiAddress',
  'discoveryUrl',
  'coeVersion',
  'containerVersion',
  'projectId',
  'userId',
  'accountUserId',
  'fixedNetwork',
  'fixedSubnet',
  'floatingIpEnabled',
  'masterLbEnabled',
  'createdAt',
  'updatedAt',
] as const satisfies (keyof Cluster)[];

/** What its page shows of a cluster, and what decides who may see it. */
export type ShownCluster = Pick<Cluster, (typeof shownFields)[number]>;

const shownClusters = clusters.only(shownFields);

/** With what its page needs of the template: one query instead of two. */
export interface ShownWithTemplate extends ShownCluster {
  /** Undefined when the template is gone. */
  templateLabels: Record<string, string> | undefined;
}

/** At most two, as `findClusters`. */
export async function findShownClusters(
  scope: Scope,
  query: Query,
  by: { uuid: string } | { name: string },
): Promise<ShownWithTemplate[]> {
  const where = Object.fromEntries(Object.entries(by).map(([column, value]) => [`clusters.${column}`, value]));
  const rows = await applyScope(scope, shownClusters.rows(query), 'clusters')
    .leftJoin('cluster_templates', 'cluster_templates.uuid', 'clusters.cluster_template_id')
    .where(where)
    .orderBy('clusters.id')
    .limit(2)
    .select(query.raw(shownClusters.selection), 'cluster_templates.labels as templateLabels');
  return rows.map((row: { templateLabels: string | null }) => ({
    ...shownClusters.fromSelected(row),
    templateLabels: row.templateLabels === null ? undefined : JSON.parse(row.templateLabels),
  }));
}

/**
 * For a write of the API: locks the row for the rest of the transaction and bumps `version`, so that
 * two writers on different Galera nodes, where row locks do not meet, collide at commit.
 */
export async function lockCluster(scope: Scope, trx: Query, uuid: string): Promise<Cluster | undefined> {
  const matched = await applyScope(scope, clusters.rows(trx), 'clusters').where({ uuid }).increment('version', 1);
  return matched === 0 ? undefined : clusters.find(trx, { uuid });
}
