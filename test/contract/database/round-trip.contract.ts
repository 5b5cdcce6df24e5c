import { clusters } from '../../../common/db/clusters.js';
import { isDuplicate } from '../../../common/db/database.js';
import type { ColumnKind, Table } from '../../../common/db/table.js';
import type { TestDatabase } from '../../support/test-database.js';
import { failureOf, newCluster, uuid } from './rows.js';
import { type AnyRow, tables } from './tables.js';

/** Characters put into MariaDB's TEXT (at most 65,535 bytes) and LONGTEXT. */
const TEXT_LENGTH = 60_000;
const LONG_TEXT_LENGTH = 1_000_000;
/** Beyond the first plane, right to left, quotes of every kind, and what ends a C string elsewhere. */
const AWKWARD = `😀 שלום 'a' "b" \`c\` \\ % _ ; -- \n\t\r \ufffd \uffff`;
const AWKWARD_JSON = { '😀': AWKWARD, nested: [{ deep: [null, true, 0, -1.5, 1e21, ''] }], 'a.b': {} };

interface ColumnFacts {
  nullable: boolean;
  type: string;
  maxLength: number | undefined;
}

/** What was put in comes out again, in every table. */
export function describeRoundTrip(db: () => TestDatabase): void {
  describe('rows of every table', () => {
    it.each(tables.map((table) => [table.name, table] as const))(
      '%s come back as they were put in, full or with everything left out that may be',
      async (_, table) => {
        const facts = await columnFacts(db(), table);
        const full = rowOf(table, facts, 'full');
        const sparse = rowOf(table, facts, 'sparse');

        await db().transaction('insert', (trx) => table.insertAll(trx, [full, sparse]));
        const found = await db().read('find', (query) => table.list(query, {}));

        expect(found).toEqual([full, sparse].map((row) => ({ ...row, id: expect.any(Number) })));
        expect(found.every((row) => table.columns.every(({ field }) => field in row))).toBe(true);
        expect(found.flatMap(Object.values)).not.toContain(null);
      },
    );

    it('are found, changed, counted and deleted by any of their fields, also by what they do not have', async () => {
      const name = uuid();
      const rows = [0, 1, 2].map((index) => newCluster({ name, keypair: index === 0 ? 'mine' : undefined }));
      await db().transaction('insert', (trx) => clusters.insertAll(trx, rows));

      const without = { name, keypair: undefined };
      const found = await db().read('list', (query) => clusters.list(query, without));
      const changed = await db().transaction('update', (trx) =>
        clusters.update(trx, { uuid: rows[0]?.uuid ?? '' }, { keypair: undefined, labels: { a: '😀' } }),
      );
      const first = await db().read('find', (query) => clusters.find(query, { uuid: rows[0]?.uuid ?? '' }));
      const deleted = await db().transaction('delete', (trx) => clusters.delete(trx, without));

      expect(found.map(({ uuid }) => uuid)).toEqual(rows.slice(1).map(({ uuid }) => uuid));
      expect([changed, deleted]).toEqual([1, 3]);
      expect(first).toMatchObject({ keypair: undefined, labels: { a: '😀' } });
    });

    it('count as matched by an update that changes nothing', async () => {
      const cluster = newCluster();
      await db().transaction('insert', (trx) => clusters.insert(trx, cluster));

      const again = () =>
        db().transaction('update', (trx) => clusters.update(trx, { uuid: cluster.uuid }, { name: cluster.name }));

      expect([await again(), await again()]).toEqual([1, 1]);
    });

    it('are told apart by case, accents, spaces at the end and characters beyond the first plane', async () => {
      const names = ['web', 'Web', 'wéb', 'web ', 'web😀', 'web🚀'];
      const project = uuid();
      await db().transaction('insert', (trx) =>
        clusters.insertAll(
          trx,
          names.map((name) => newCluster({ name, projectId: project })),
        ),
      );

      for (const name of names) {
        const found = await db().read('find', (query) => clusters.list(query, { projectId: project, name }));
        expect(found.map((cluster) => cluster.name)).toEqual([name]);
      }
    });

    it('hold a sign in the place of a NUL, which not every database keeps', async () => {
      const cluster = newCluster({ statusReason: 'a\0b', labels: { a: 'a\0b' } });
      await db().transaction('insert', (trx) => clusters.insert(trx, cluster));

      const found = await db().read('find', (query) => clusters.find(query, { statusReason: 'a\0b' }));

      expect(found).toMatchObject({ uuid: cluster.uuid, statusReason: 'a\ufffdb', labels: { a: 'a\0b' } });
    });

    it('go in all or not at all, however many, and a failed transaction leaves no trace', async () => {
      const many = Array.from({ length: 250 }, () => newCluster({ name: 'many' }));
      const twice = [...many, newCluster({ uuid: many[0]?.uuid ?? '' })];

      const refused = await failureOf(db().transaction('insert', (trx) => clusters.insertAll(trx, twice)));
      const after = await db().read('list', (query) => clusters.list(query, { name: 'many' }));
      await db().transaction('insert', (trx) => clusters.insertAll(trx, many));
      const stored = await db().read('list', (query) => clusters.list(query, { name: 'many' }));

      expect(isDuplicate(refused)).toBe(true);
      expect(after).toEqual([]);
      expect(stored.map(({ uuid }) => uuid)).toEqual(many.map(({ uuid }) => uuid));
    });

    it('are duplicates for their unique columns only, and for nothing else that is refused', async () => {
      const cluster = newCluster();
      const insert = (row: Partial<AnyRow>) =>
        db().transaction('insert', (trx) => clusters.insert(trx, row as Partial<typeof cluster>));
      await insert(cluster);

      const sameUuid = await failureOf(insert(newCluster({ uuid: cluster.uuid })));
      const sameId = await db().read('find', (query) => clusters.find(query, { uuid: cluster.uuid }));
      const sameKey = await failureOf(insert({ ...newCluster(), id: sameId?.id }));
      const incomplete = await failureOf(insert({ uuid: uuid() }));
      await insert(newCluster({ name: cluster.name }));

      expect([sameUuid, sameKey, incomplete].map(isDuplicate)).toEqual([true, true, false]);
      expect([undefined, new Error('other'), 'text', { code: 7 }].some(isDuplicate)).toBe(false);
    });
  });
}

async function columnFacts(db: TestDatabase, table: Table<AnyRow>): Promise<Record<string, ColumnFacts>> {
  const columns = await db.knex(table.name).columnInfo();
  return Object.fromEntries(
    Object.entries(columns).map(([name, { nullable, type, maxLength }]) => [
      name,
      { nullable, type, maxLength: /char/.test(type) ? Number(maxLength) : undefined },
    ]),
  );
}

/** A row that uses what its columns can hold, or one with nothing that can be left out. */
function rowOf(table: Table<AnyRow>, facts: Record<string, ColumnFacts>, form: 'full' | 'sparse'): AnyRow {
  return Object.fromEntries(
    table.columns
      .filter(({ column }) => column !== 'id')
      .map(({ field, column, kind }) => {
        const fact = facts[column];
        if (fact === undefined) throw new Error(`No column ${table.name}.${column}`);
        const isFull = form === 'full';
        return [field, !isFull && fact.nullable ? undefined : valueFor(kind, fact, isFull)];
      }),
  );
}

function valueFor(kind: ColumnKind, fact: ColumnFacts, isFull: boolean): unknown {
  switch (kind) {
    case 'boolean':
      return isFull;
    case 'number':
      // Epoch milliseconds far ahead, and more than 32 bits; other numbers are small.
      return !isFull ? 0 : /^big/.test(fact.type) ? 253_402_300_799_999 : 2_147_483_647;
    case 'json':
      return isFull ? { ...AWKWARD_JSON, long: 'y'.repeat(textLength(fact) / 2) } : {};
    case 'text':
      return isFull ? textOf(fact) : uuid().slice(0, fact.maxLength);
  }
}

/** As long as the column takes, which a VARCHAR counts in characters. */
function textOf(fact: ColumnFacts): string {
  if (fact.maxLength === undefined) return AWKWARD + 'y'.repeat(textLength(fact));
  if (fact.maxLength < 64) return uuid().slice(0, fact.maxLength);
  return [...AWKWARD, ...'y'.repeat(fact.maxLength)].slice(0, fact.maxLength).join('');
}

function textLength({ type }: ColumnFacts): number {
  return type === 'longtext' ? LONG_TEXT_LENGTH : TEXT_LENGTH;
}
