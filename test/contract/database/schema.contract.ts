import { schemaVersion, upgradeSchema } from '../../../common/db/migrate.js';
import { migrationSource } from '../../../migrations/migrations.js';
import { type DatabaseKind, openEmptyDatabase, type TestDatabase } from '../../support/test-database.js';
import { tables } from './tables.js';

/** The schema from nothing to the newest version. */
export function describeSchema(kind: DatabaseKind): void {
  describe('the schema', () => {
    let db: TestDatabase;

    beforeEach(async () => {
      db = await openEmptyDatabase(kind);
    });
    afterEach(() => db.close());

    it('goes from empty to the newest version, and a second upgrade has nothing to do', async () => {
      const all = (await migrationSource.getMigrations([])).map((one) => migrationSource.getMigrationName(one));

      expect(await schemaVersion(db.knex, migrationSource)).toEqual({ current: undefined, pending: all });
      expect(await upgradeSchema(db.knex, migrationSource)).toEqual(all);
      expect(await schemaVersion(db.knex, migrationSource)).toEqual({ current: all.at(-1), pending: [] });
      expect(await upgradeSchema(db.knex, migrationSource)).toEqual([]);
    });

    it('tells what is pending in a database that an older program has made', async () => {
      const all = await migrationSource.getMigrations([]);
      const older = { ...migrationSource, getMigrations: async () => all.slice(0, 3) };
      const names = all.map((one) => migrationSource.getMigrationName(one));

      await upgradeSchema(db.knex, older);

      expect(await schemaVersion(db.knex, migrationSource)).toEqual({ current: names[2], pending: names.slice(3) });
      expect(await upgradeSchema(db.knex, migrationSource)).toEqual(names.slice(3));
    });

    it('is taken back to nothing by the migrations themselves', async () => {
      await upgradeSchema(db.knex, migrationSource);

      await db.knex.migrate.rollback({ migrationSource }, true);

      expect(await schemaVersion(db.knex, migrationSource)).toMatchObject({ current: undefined });
      for (const { name } of tables) expect(await db.knex.schema.hasTable(name)).toBe(false);
    });

    it('has exactly the columns that the tables in the code name', async () => {
      await upgradeSchema(db.knex, migrationSource);

      for (const table of tables) {
        const columns = Object.keys(await db.knex(table.name).columnInfo());
        expect([table.name, columns.sort()]).toEqual([table.name, table.columns.map(({ column }) => column).sort()]);
      }
    });
  });
}
