import type { Database } from '../common/db/database.js';

/** Rows removed in one go; the rest follows a minute later. */
const BATCH = 1000;

/** Events and operations of clusters that are gone, once they are older than `before`. */
export async function removeHistory(db: Database, before: number): Promise<void> {
  for (const [table, column] of [
    ['events', 'created_at'],
    ['operations', 'finished_at'],
  ] as const) {
    await db.transaction(`remove old ${table}`, async (trx) => {
      const old = await trx(table)
        .leftJoin('clusters', 'clusters.uuid', `${table}.cluster_id`)
        .whereNull('clusters.id')
        .where(`${table}.${column}`, '<', before)
        .limit(BATCH)
        .pluck(`${table}.id`);
      if (old.length > 0) await trx(table).whereIn('id', old).delete();
    });
  }
}
