import type { Knex } from 'knex';
import { ServiceError } from '../errors.js';

/** One page of a list, in keyset form: rows after the marker in the order (sort column, id). */
export interface Page {
  /** At least 1; the caller has capped it. */
  limit: number;
  /** `uuid` of the last row seen, or its value of `markerColumn`. */
  marker?: string;
  /** Default: `uuid`. */
  markerColumn?: 'id';
  /** A column's name; `id` is the order in which rows were made. */
  sortKey: string;
  sortDir: 'asc' | 'desc';
}

/**
 * Cuts `rows` to the page. NULLs sort first, as both dialects do, so a marker with a NULL goes on after the NULLs.
 * `wanted` chooses among the rows; a marker need not be one of them any more.
 * @throws ServiceError `not_found` when the marker is unknown in this scope.
 */
export async function applyPage(
  rows: Knex.QueryBuilder,
  table: string,
  page: Page,
  wanted?: Knex.QueryCallback,
): Promise<Knex.QueryBuilder> {
  const { sortKey, sortDir } = page;
  const paged = rows.clone();
  if (page.marker !== undefined) {
    const marker = await rows
      .clone()
      .where(`${table}.${page.markerColumn ?? 'uuid'}`, page.marker)
      .first(`${table}.id`, `${table}.${sortKey} as sort_value`);
    if (marker === undefined) {
      throw new ServiceError('not_found', `Marker ${page.marker} could not be found.`, { field: 'marker' });
    }
    paged.where(after(table, sortKey, sortDir, marker.sort_value, marker.id));
  }
  if (wanted !== undefined) paged.where(wanted);
  if (sortKey !== 'id') paged.orderBy(`${table}.${sortKey}`, sortDir);
  return paged.orderBy(`${table}.id`, sortDir).limit(page.limit);
}

function after(
  table: string,
  sortKey: string,
  sortDir: 'asc' | 'desc',
  value: unknown,
  id: number,
): Knex.QueryCallback {
  const id_ = `${table}.id`;
  const key = `${table}.${sortKey}`;
  const beyond = sortDir === 'asc' ? '>' : '<';
  return (where) => {
    if (sortKey === 'id') {
      where.where(id_, beyond, id);
      return;
    }
    if (value === null) {
      where.where((same) => same.whereNull(key).where(id_, beyond, id));
      if (sortDir === 'asc') where.orWhereNotNull(key);
      return;
    }
    where
      .where(key, beyond, value as string)
      .orWhere((same) => same.where(key, value as string).where(id_, beyond, id));
    if (sortDir === 'desc') where.orWhereNull(key);
  };
}
