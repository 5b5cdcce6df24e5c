import type { Knex } from 'knex';

type Source = Knex.MigrationSource<unknown>;

/** Brings the schema up to the newest migration; safe to run again and beside a running service. */
export async function upgradeSchema(knex: Knex, migrationSource: Source): Promise<string[]> {
  const [, applied] = (await knex.migrate.latest({ migrationSource })) as [number, string[]];
  return applied;
}

export interface SchemaVersion {
  /** Name of the newest migration applied, if any. */
  current: string | undefined;
  pending: string[];
}

export async function schemaVersion(knex: Knex, migrationSource: Source): Promise<SchemaVersion> {
  const [completed, pending] = (await knex.migrate.list({ migrationSource })) as [{ name: string }[], unknown[]];
  const names = pending.map((migration) => migrationSource.getMigrationName(migration));
  return { current: completed.at(-1)?.name, pending: names };
}
