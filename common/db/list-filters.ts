import type { Knex } from 'knex';

/** Which rows of a list are wanted; what is left out is not looked at. */
export interface ListFilters {
  /** Columns, each with the one value that it has. */
  equal: Readonly<Record<string, string>>;
  /** All of them, among those of the template. */
  tags: readonly string[];
}

export const NO_FILTERS: ListFilters = { equal: {}, tags: [] };

/** Undefined without any: most lists are asked as if there were none. */
export function rowsWith(table: string, filters: ListFilters): Knex.QueryCallback | undefined {
  return filters === NO_FILTERS ? undefined : (where) => filter(where, table, filters);
}

/** Of `table`, which is `cluster_templates`, or has a column `cluster_template_id`. */
function filter(where: Knex.QueryBuilder, table: string, { equal, tags }: ListFilters): void {
  for (const [column, value] of Object.entries(equal)) where.where(`${table}.${column}`, value);
  for (const tag of tags) {
    if (table === 'cluster_templates') where.where(hasTag(tag));
    else {
      where.whereIn(`${table}.cluster_template_id`, (templates) =>
        templates.from('cluster_templates').select('uuid').where(hasTag(tag)),
      );
    }
  }
}

/** Tags are one text, with commas between and maybe spaces. */
function hasTag(tag: string): Knex.QueryCallback {
  const literal = tag.replace(/[!%_]/g, '!$&');
  const forms = [literal, `${literal},%`, `%,${literal}`, `%,${literal},%`];
  return (where) => {
    for (const form of forms) {
      where.orWhereRaw("REPLACE(REPLACE(cluster_templates.tags, ', ', ','), ' ,', ',') LIKE ? ESCAPE '!'", [form]);
    }
  };
}
