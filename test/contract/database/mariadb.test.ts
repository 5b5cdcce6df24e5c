import { clusters } from '../../../common/db/clusters.js';
import { isDuplicate, openDatabase, type Query } from '../../../common/db/database.js';
import { operations } from '../../../common/db/operations.js';
import { claimOperation } from '../../../conductor/lease.js';
import { freePorts } from '../../servers/free-ports.js';
import { FakeClock } from '../../support/fake-clock.js';
import { openTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { until } from '../../support/until.js';
import { acceptedCluster, failureOf, newCluster, uuid } from './rows.js';
import { tables } from './tables.js';

/** The server looks at its locks anew only when nobody has asked for a tenth of a second. */
const FRESH = { everyMs: 150 };

/** What only a server can do to its clients: make them wait for each other, choose a victim, hang up. */
describe('MariaDB', () => {
  let db: TestDatabase;

  beforeAll(async () => {
    db = await openTestDatabase('mariadb');
  });
  afterAll(() => db.close());

  const cluster = (id: string) => db.read('cluster', (query) => clusters.find(query, { uuid: id }));

  /** Whether a statement waits for a lock that another transaction of this database holds. */
  async function someoneWaits(): Promise<boolean> {
    const waiting = await db
      .knex('information_schema.INNODB_TRX as trx')
      .join('information_schema.PROCESSLIST as list', 'list.ID', 'trx.trx_mysql_thread_id')
      .where({ 'trx.trx_state': 'LOCK WAIT' })
      .whereRaw('list.DB = DATABASE()');
    return waiting.length > 0;
  }

  it('compares the texts of every table byte by byte', async () => {
    const columns = await db
      .knex('information_schema.COLUMNS')
      .whereRaw('TABLE_SCHEMA = DATABASE()')
      .whereNotNull('COLLATION_NAME')
      .whereIn(
        'TABLE_NAME',
        tables.map(({ name }) => name),
      )
      .whereNot({ COLLATION_NAME: 'utf8mb4_nopad_bin' })
      .select('TABLE_NAME as table', 'COLUMN_NAME as column');

    expect(columns).toEqual([]);
  });

  it("runs a transaction again when it was a deadlock's victim, and both have their effect once", async () => {
    const [first, second] = [newCluster(), newCluster()];
    await db.transaction('insert', (trx) => clusters.insertAll(trx, [first, second]));
    const begun = new Set<string>();
    let attempts = 0;
    const crosswise = (mine: string, other: string) =>
      db.transaction('crosswise', async (trx) => {
        attempts += 1;
        await clusters.rows(trx).where({ uuid: mine }).increment('version', 1);
        begun.add(mine);
        await until(() => begun.size === 2);
        await clusters.rows(trx).where({ uuid: other }).increment('version', 1);
      });

    await Promise.all([crosswise(first.uuid, second.uuid), crosswise(second.uuid, first.uuid)]);

    expect(attempts).toBeGreaterThan(2);
    expect([await cluster(first.uuid), await cluster(second.uuid)]).toMatchObject([{ version: 3 }, { version: 3 }]);
  });

  it('runs a transaction again when a deadlock hit it in the middle of inserting many rows', async () => {
    const [shared, taken] = [newCluster(), newCluster()];
    await db.transaction('insert', (trx) => clusters.insert(trx, shared));
    const begun = new Set<string>();
    let attempts = 0;
    const bothBegun = async (who: string) => {
      begun.add(who);
      await until(() => begun.size === 2);
    };
    // Heavy with changes, so that the server chooses the other one, which then inserts in vain.
    const heavy = db.transaction('heavy', async (trx) => {
      await clusters.insertAll(trx, [taken, ...Array.from({ length: 50 }, () => newCluster())]);
      await bothBegun('heavy');
      await until(someoneWaits, FRESH);
      await clusters.rows(trx).where({ uuid: shared.uuid }).increment('version', 1);
    });
    const light = db.transaction('light', async (trx) => {
      attempts += 1;
      await clusters.rows(trx).where({ uuid: shared.uuid }).increment('version', 1);
      await bothBegun('light');
      if ((await clusters.find(trx, { uuid: taken.uuid })) !== undefined) return 'seen';
      await clusters.insertAll(trx, [newCluster({ uuid: taken.uuid })]);
      return 'inserted';
    });

    const [, outcome] = await Promise.all([heavy, light]);

    expect([outcome, attempts]).toEqual(['seen', 2]);
    expect(await cluster(shared.uuid)).toMatchObject({ version: 3 });
  });

  it('gives a transaction up as unavailable when it is a victim again and again', async () => {
    let attempts = 0;
    const refusal = await failureOf(
      db.transaction('hopeless', async (trx) => {
        attempts += 1;
        await trx.raw("SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213, MESSAGE_TEXT = 'Deadlock found'");
      }),
    );

    expect(attempts).toBe(5);
    expect(refusal).toMatchObject({ kind: 'unavailable', code: 'database_unavailable', retryAfterSeconds: 5 });
  });

  it('lets nobody claim an operation that its holder has just let go until later', async () => {
    const clock = new FakeClock();
    const { clusterId, operationId } = await acceptedCluster(db, clock.now());
    const deps = { db, clock, leaseMs: 15_000 };
    const first = await claimOperation({ ...deps, owner: 'first' }, operationId);
    await clock.advance(15_000);
    let second: ReturnType<typeof claimOperation> | undefined;

    // Late, but nobody has taken over yet: its last write still counts.
    await first?.lease.fenced('let go', async (trx) => {
      second = claimOperation({ ...deps, owner: 'second' }, operationId);
      await until(someoneWaits, FRESH);
      await operations.update(trx, { uuid: operationId }, { status: 'waiting', dueAt: clock.now() + 60_000 });
      await first.lease.letGo(trx);
    });

    expect(await second).toBeUndefined();
    expect(await cluster(clusterId)).toMatchObject({ leaseOwner: undefined, fence: 1 });
    const after = await db.read('operation', (query) => operations.find(query, { uuid: operationId }));
    expect(after).toMatchObject({ status: 'waiting', dueAt: clock.now() + 60_000 });
  });

  it('hands an operation over as its last holder left it', async () => {
    const clock = new FakeClock();
    const { operationId } = await acceptedCluster(db, clock.now());
    const deps = { db, clock, leaseMs: 15_000 };
    const first = await claimOperation({ ...deps, owner: 'first' }, operationId);
    await clock.advance(15_000);
    let second: ReturnType<typeof claimOperation> | undefined;

    await first?.lease.fenced('let go', async (trx) => {
      second = claimOperation({ ...deps, owner: 'second' }, operationId);
      await until(someoneWaits, FRESH);
      await operations.update(trx, { uuid: operationId }, { status: 'waiting', phase: 'image', attempt: 3 });
      await first.lease.letGo(trx);
    });

    expect(await second).toMatchObject({ tookOver: false, operation: { phase: 'image', attempt: 3 } });
  });

  it('that hangs up is unavailable, noticed or not, and there again for the next call', async () => {
    const hangUp = async (trx: Query) => {
      const [[row]] = await trx.raw('SELECT CONNECTION_ID() AS id');
      await db.knex.raw(`KILL ${Number(row.id)}`);
      return () => db.knex('information_schema.PROCESSLIST').where({ ID: row.id }).first();
    };
    const cases: Record<string, (trx: Query) => Promise<unknown>> = {
      'before a query': async (trx) => {
        await hangUp(trx);
        await trx.raw('SELECT 1');
      },
      'long before a query': async (trx) => {
        const connection = await hangUp(trx);
        await until(async () => (await connection()) === undefined);
        await trx.raw('SELECT 1');
      },
      'before the commit': hangUp,
      'long before the commit': async (trx) => {
        const connection = await hangUp(trx);
        await until(async () => (await connection()) === undefined);
      },
    };

    for (const [name, work] of Object.entries(cases)) {
      const refusal = await failureOf(db.transaction(name, work));
      expect(refusal).toMatchObject({ kind: 'unavailable', code: 'database_unavailable' });
      await expect(db.transaction('next', (trx) => clusters.find(trx, { uuid: uuid() }))).resolves.toBeUndefined();
    }
  });

  it('that is not there is unavailable, with a time to come back', async () => {
    const [port] = await freePorts(1);
    const absent = openDatabase({ connection: `mysql+pymysql://root@127.0.0.1:${port}/bayou`, maxPoolSize: 1 });

    const refusals = [
      await failureOf(absent.read('read', (query) => clusters.find(query, { uuid: uuid() }))),
      await failureOf(absent.transaction('write', (trx) => clusters.insert(trx, newCluster()))),
    ];
    await absent.close();

    for (const refusal of refusals) {
      expect(refusal).toMatchObject({ kind: 'unavailable', code: 'database_unavailable', retryAfterSeconds: 5 });
      expect(isDuplicate(refusal)).toBe(false);
    }
  });
});
