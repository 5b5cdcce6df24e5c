import { z } from 'zod';
import type { Query } from '../common/db/database.js';
import { applyPage, type Page } from '../common/db/page.js';
import { applyScope, type Scope } from '../common/db/scope.js';
import type { Table } from '../common/db/table.js';
import { requiredInteger } from './fields.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** The arguments of every list. `sortable`: columns that may be sorted by, `id` (order of making) apart. */
export function pageQuery(sortable: readonly string[]) {
  return z.strictObject({
    limit: requiredInteger(1).optional(),
    marker: z.string().regex(UUID, 'must be a uuid').optional(),
    sort_key: z.enum(['id', ...sortable], { error: `must be one of id, ${sortable.join(', ')}` }).default('id'),
    sort_dir: z.enum(['asc', 'desc'], { error: 'must be asc or desc' }).default('asc'),
  });
}

export type PageQuery = z.output<ReturnType<typeof pageQuery>>;

/** A limit above the configured one is capped without a word. */
export function pageOf(query: PageQuery, maxLimit: number): Page {
  return {
    limit: Math.min(query.limit ?? maxLimit, maxLimit),
    sortKey: query.sort_key,
    sortDir: query.sort_dir,
    ...(query.marker === undefined ? {} : { marker: query.marker }),
  };
}

/** One page of rows of a cluster, of those with the columns of `where`. */
export async function listOfCluster<T extends object>(
  table: Table<T>,
  scope: Scope,
  query: Query,
  clusterId: string,
  page: Page,
  where: Record<string, string> = {},
): Promise<T[]> {
  const rows = applyScope(scope, table.rows(query), table.name).where({ ...where, cluster_id: clusterId });
  return table.fromRows(await await applyPage(rows, table.name, page));
}

/** A list's body. `next` is there when the page is full, as upstream: the page after it may be empty. */
export function pageBody<T extends { uuid: string }>(
  collection: string,
  rows: readonly T[],
  view: (row: T) => unknown,
  page: Page,
  path: string,
  filters: Record<string, string> = {},
): Record<string, unknown> {
  const body: Record<string, unknown> = { [collection]: rows.map(view) };
  const last = rows.at(-1);
  if (last !== undefined && rows.length === page.limit) {
    const query = new URLSearchParams({
      sort_key: page.sortKey,
      sort_dir: page.sortDir,
      ...filters,
      limit: String(page.limit),
      marker: last.uuid,
    });
    body.next = `${path}?${query}`;
  }
  return body;
}
