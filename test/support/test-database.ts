import createKnex from 'knex';
import { openDatabase } from '../../common/db/database.js';
import { upgradeSchema } from '../../common/db/migrate.js';
import { systemIds } from '../../common/ids.js';
import { migrationSource } from '../../migrations/migrations.js';
import { testServerUrl } from './test-server.js';

export const DATABASE_KINDS = ['sqlite', 'mariadb'] as const;
export type DatabaseKind = (typeof DATABASE_KINDS)[number];

export type TestDatabase = ReturnType<typeof openDatabase>;

/** A place for a database, empty and without a schema. */
export interface DatabasePlace {
  connection: string;
  drop(): Promise<void>;
}

/** SQLite in memory, or a database of its own in the tests' MariaDB, made as an operator might: with the server's defaults. */
export async function makeDatabase(kind: DatabaseKind): Promise<DatabasePlace> {
  if (kind === 'sqlite') return { connection: 'sqlite://', drop: async () => {} };
  const url = testServerUrl('mariadb');
  const name = `test_${systemIds.uuid().replaceAll('-', '')}`;
  const administer = async (statement: string) => {
    const server = createKnex({ client: 'mysql2', connection: url });
    await server.raw(statement).finally(() => server.destroy());
  };
  await administer(`CREATE DATABASE ${name}`);
  return { connection: `${url}${name}`, drop: () => administer(`DROP DATABASE ${name}`) };
}

/** An empty database with no schema yet; closing it drops it. */
export async function openEmptyDatabase(kind: DatabaseKind): Promise<TestDatabase> {
  const { connection, drop } = await makeDatabase(kind);
  const db = openDatabase({ connection, maxPoolSize: 10 });
  return {
    ...db,
    async close() {
      await db.close();
      await drop();
    },
  };
}

/** An empty database with the newest schema. */
export async function openTestDatabase(kind: DatabaseKind): Promise<TestDatabase> {
  const db = await openEmptyDatabase(kind);
  await upgradeSchema(db.knex, migrationSource);
  return db;
}
