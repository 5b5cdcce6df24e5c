import type { Knex } from 'knex';
import type { Query } from './database.js';
import { applyPage, type Page } from './page.js';
import { Table } from './table.js';

/** How much of something a project may have, where the configuration's default is not what it should be. */
export interface Quota {
  id: number;
  projectId: string;
  /** One row per project and resource. */
  resource: string;
  hardLimit: number;
  createdAt: number;
  updatedAt: number | undefined;
}

export const quotas = new Table<Quota>('quotas', {
  id: 'number',
  projectId: 'text',
  resource: 'text',
  hardLimit: 'number',
  createdAt: 'number',
  updatedAt: 'number',
});

/** The one thing that Magnum counts. */
export const CLUSTER_RESOURCE = 'Cluster';

/** Of one project, or of all. The page's marker is a quota's id. */
export async function listQuotas(query: Query, projectId: string | undefined, page: Page): Promise<Quota[]> {
  const rows: Knex.QueryBuilder = quotas.rows(query);
  if (projectId !== undefined) rows.where({ project_id: projectId });
  return quotas.fromRows(await await applyPage(rows, 'quotas', page));
}

/** How many clusters the project may have. */
export async function clusterLimit(query: Query, projectId: string, byDefault: number): Promise<number> {
  const stored = await quotas.find(query, { projectId, resource: CLUSTER_RESOURCE });
  return stored?.hardLimit ?? byDefault;
}
