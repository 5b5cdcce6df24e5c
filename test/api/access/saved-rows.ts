import type { Knex } from 'knex';

/** All rows of a SQLite database, to be put back: so every request finds the same. */
export interface SavedRows {
  restore(): Promise<void>;
}

export async function saveRows(knex: Knex): Promise<SavedRows> {
  const tables: string[] = await knex('sqlite_master')
    .where({ type: 'table' })
    .whereNot('name', 'like', 'sqlite_%')
    .whereNot('name', 'like', 'knex_%')
    .pluck('name');
  const saved = new Map<string, Record<string, unknown>[]>();
  for (const table of tables) saved.set(table, await knex(table).select());
  return {
    restore: () =>
      knex.transaction(async (trx) => {
        for (const [table, rows] of saved) {
          await trx(table).delete();
          if (rows.length > 0) await trx(table).insert(rows);
        }
      }),
  };
}
