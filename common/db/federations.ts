import type { Query } from './database.js';
import { applyPage, type Page } from './page.js';
import { applyScope, type Scope } from './scope.js';
import { Table } from './table.js';

export type FederationStatus = 'CREATE_FAILED' | 'UPDATE_FAILED';

/** Clusters that their owner wants to be one. It is kept and shown; nothing joins them, as upstream. */
export interface Federation {
  id: number;
  uuid: string;
  projectId: string;
  userId: string;
  name: string;
  /** The cluster whose control plane the federation would have: its uuid. */
  hostclusterId: string;
  /** Uuids of clusters. */
  memberIds: string[];
  properties: Record<string, string>;
  status: FederationStatus;
  statusReason: string | undefined;
  createdAt: number;
  updatedAt: number | undefined;
}

export const federations = new Table<Federation>('federations', {
  id: 'number',
  uuid: 'text',
  projectId: 'text',
  userId: 'text',
  name: 'text',
  hostclusterId: 'text',
  memberIds: 'json',
  properties: 'json',
  status: 'text',
  statusReason: 'text',
  createdAt: 'number',
  updatedAt: 'number',
});

export async function listFederations(scope: Scope, query: Query, page: Page): Promise<Federation[]> {
  const rows = applyScope(scope, federations.rows(query), 'federations');
  return federations.fromRows(await await applyPage(rows, 'federations', page));
}

/** At most two: the caller needs to know whether a name is ambiguous, not how often. */
export async function findFederations(
  scope: Scope,
  query: Query,
  by: { uuid: string } | { name: string },
): Promise<Federation[]> {
  const rows = applyScope(scope, federations.rows(query), 'federations');
  return federations.fromRows(await rows.where(by).orderBy('id').limit(2));
}
