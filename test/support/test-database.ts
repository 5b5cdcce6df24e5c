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

/**
 * An empty database with the newest schema. One on MariaDB whose tables are still those of the schema when it is
 * closed is emptied for the next test of the same file: to make one takes longer than most tests.
 */
export async function openTestDatabase(kind: DatabaseKind): Promise<TestDatabase> {
  if (kind === 'mariadb') return openEmptied();
  const db = await openEmptyDatabase(kind);
  await upgradeSchema(db.knex, migrationSource);
  return db;
}

interface Emptied extends DatabasePlace {
  tables: string[];
}

const emptied: Emptied[] = [];
// Benchmarks run without jest, and make none.
if ('afterAll' in globalThis) afterAll(() => Promise.all(emptied.splice(0).map(({ drop }) => drop())));

async function openEmptied(): Promise<TestDatabase> {
  const place = emptied.pop() ?? { ...(await makeDatabase('mariadb')), tables: [] };
  const db = openDatabase({ connection: place.connection, maxPoolSize: 10 });
  if (place.tables.length === 0) {
    await upgradeSchema(db.knex, migrationSource);
    place.tables = await tablesOf(db);
  }
  return {
    ...db,
    async close() {
      const isSame = (await tablesOf(db)).join() === place.tables.join();
      if (isSame) await empty(db, place.tables);
      await db.close();
      if (isSame) emptied.push(place);
      else await place.drop();
    },
  };
}

async function tablesOf({ knex }: TestDatabase): Promise<string[]> {
  const [rows = []] = await knex.raw<Record<string, string>[][]>('SHOW TABLES');
  return rows.flatMap((row) => Object.values(row)).sort();
}

function empty({ knex }: TestDatabase, tables: readonly string[]): Promise<void> {
  return knex.transaction(async (trx) => {
    await trx.raw('SET FOREIGN_KEY_CHECKS = 0');
    for (const table of tables) if (!table.startsWith('knex_')) await trx(table).delete();
    await trx.raw('SET FOREIGN_KEY_CHECKS = 1');
  });
}
