import type { Knex } from 'knex';
import type { Config } from '../common/config/schema.js';
import { openDatabase } from '../common/db/database.js';
import { schemaVersion, upgradeSchema } from '../common/db/migrate.js';
import { ServiceError } from '../common/errors.js';
import { migrationSource } from '../migrations/migrations.js';
import { databaseConnection } from './outside.js';

function open(config: Config) {
  return openDatabase({ connection: databaseConnection(config), maxPoolSize: config.database.maxPoolSize });
}

/** Whether a database is Magnum's own, by the table in which it keeps its keys. */
export function holdsMagnum(knex: Knex): Promise<boolean> {
  return knex.schema.hasTable('x509keypair');
}

/** @throws ServiceError `invalid` when it is Magnum's database, which stays as it is. */
export async function upgradeDatabase(config: Config): Promise<void> {
  const db = open(config);
  try {
    if (await holdsMagnum(db.knex)) {
      throw new ServiceError('invalid', "[database] connection: this is Magnum's database; name a new one for Bayou");
    }
    const applied = await upgradeSchema(db.knex, migrationSource);
    const lines = applied.length === 0 ? ['The schema is up to date.'] : applied.map((name) => `Applied ${name}`);
    process.stdout.write(`${lines.join('\n')}\n`);
  } finally {
    await db.close();
  }
}

export async function printSchemaVersion(config: Config): Promise<void> {
  const db = open(config);
  try {
    const { current, pending } = await schemaVersion(db.knex, migrationSource);
    process.stdout.write(`${current ?? 'empty'}${pending.length === 0 ? '' : `, pending: ${pending.join(', ')}`}\n`);
  } finally {
    await db.close();
  }
}
