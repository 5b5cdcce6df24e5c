import { ServiceError } from '../errors.js';
import type { Query } from './database.js';
import { type ListFilters, NO_FILTERS, rowsWith } from './list-filters.js';
import { applyPage, type Page } from './page.js';
import { applyScope, type Scope } from './scope.js';
import { Table } from './table.js';

/** What a cluster is to be made like. Optional fields are `undefined` when the owner left them open. */
export interface ClusterTemplate {
  id: number;
  uuid: string;
  projectId: string;
  userId: string;
  name: string;
  coe: string;
  /** The bay driver that serves (serverType, clusterDistro, coe). */
  driver: string;
  /** As the owner gave it: id or name. */
  imageId: string;
  /** `os_distro` of the image when the template was made. */
  clusterDistro: string | undefined;
  serverType: string;
  flavorId: string | undefined;
  masterFlavorId: string | undefined;
  keypairId: string | undefined;
  externalNetworkId: string | undefined;
  fixedNetwork: string | undefined;
  fixedSubnet: string | undefined;
  dnsNameserver: string | undefined;
  networkDriver: string | undefined;
  volumeDriver: string | undefined;
  dockerStorageDriver: string | undefined;
  /** GiB. */
  dockerVolumeSize: number | undefined;
  apiserverPort: number | undefined;
  httpProxy: string | undefined;
  httpsProxy: string | undefined;
  noProxy: string | undefined;
  insecureRegistry: string | undefined;
  tags: string | undefined;
  labels: Record<string, string>;
  tlsDisabled: boolean;
  public: boolean;
  hidden: boolean;
  registryEnabled: boolean;
  masterLbEnabled: boolean;
  floatingIpEnabled: boolean;
  createdAt: number;
  updatedAt: number | undefined;
}

export const clusterTemplates = new Table<ClusterTemplate>('cluster_templates', {
  id: 'number',
  uuid: 'text',
  projectId: 'text',
  userId: 'text',
  name: 'text',
  coe: 'text',
  driver: 'text',
  imageId: 'text',
  clusterDistro: 'text',
  serverType: 'text',
  flavorId: 'text',
  masterFlavorId: 'text',
  keypairId: 'text',
  externalNetworkId: 'text',
  fixedNetwork: 'text',
  fixedSubnet: 'text',
  dnsNameserver: 'text',
  networkDriver: 'text',
  volumeDriver: 'text',
  dockerStorageDriver: 'text',
  dockerVolumeSize: 'number',
  apiserverPort: 'number',
  httpProxy: 'text',
  httpsProxy: 'text',
  noProxy: 'text',
  insecureRegistry: 'text',
  tags: 'text',
  labels: 'json',
  tlsDisabled: 'boolean',
  public: 'boolean',
  hidden: 'boolean',
  registryEnabled: 'boolean',
  masterLbEnabled: 'boolean',
  floatingIpEnabled: 'boolean',
  createdAt: 'number',
  updatedAt: 'number',
});

/** Own templates and public ones that are not hidden; an admin (scope `everything`) sees all. */
function visible(scope: Scope, query: Query) {
  const rows = clusterTemplates.rows(query);
  if (scope.kind === 'everything') return rows;
  return rows.where((where) => {
    applyScope(scope, where, 'cluster_templates');
    const shown = scope.kind === 'project' && scope.seesHidden === true ? {} : { 'cluster_templates.hidden': 0 };
    where.orWhere({ 'cluster_templates.public': 1, ...shown });
  });
}

export async function listClusterTemplates(
  scope: Scope,
  query: Query,
  page: Page,
  filters: ListFilters = NO_FILTERS,
): Promise<ClusterTemplate[]> {
  const wanted = rowsWith('cluster_templates', filters);
  return clusterTemplates.fromRows(await await applyPage(visible(scope, query), 'cluster_templates', page, wanted));
}

/** At most two: the caller needs to know whether a name is ambiguous, not how often. */
export async function findClusterTemplates(
  scope: Scope,
  query: Query,
  by: { uuid: string } | { name: string },
): Promise<ClusterTemplate[]> {
  return clusterTemplates.fromRows(await visible(scope, query).where(by).orderBy('id').limit(2));
}

export async function countClustersOfTemplate(query: Query, templateId: string): Promise<number> {
  const row = await query('clusters').where({ cluster_template_id: templateId }).count({ n: '*' }).first();
  return Number(row?.n ?? 0);
}

/** A template stays while a cluster has it. @throws ServiceError `internal` when it is gone all the same. */
export async function templateOfCluster(
  query: Query,
  { uuid, clusterTemplateId }: { uuid: string; clusterTemplateId: string },
): Promise<ClusterTemplate> {
  const template = await clusterTemplates.find(query, { uuid: clusterTemplateId });
  if (template !== undefined) return template;
  throw new ServiceError('internal', `Cluster template ${clusterTemplateId} of cluster ${uuid} is gone`);
}
