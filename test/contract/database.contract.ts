import { type DatabaseKind, openTestDatabase, type TestDatabase } from '../support/test-database.js';
import { describeLeases } from './database/leases.contract.js';
import { describeOperations } from './database/operations.contract.js';
import { describePaging } from './database/paging.contract.js';
import { describeRoundTrip } from './database/round-trip.contract.js';
import { describeSchema } from './database/schema.contract.js';

/** What every database promises. */
export function describeDatabase(kind: DatabaseKind): void {
  describe(`the database on ${kind}`, () => {
    let db: TestDatabase;

    beforeAll(async () => {
      db = await openTestDatabase(kind);
    });
    afterAll(() => db.close());

    describeSchema(kind);
    describeRoundTrip(() => db);
    describePaging(() => db);
    describeLeases(() => db);
    describeOperations(() => db);
  });
}
