import { clusterTemplates, findClusterTemplates, listClusterTemplates } from '../../../common/db/cluster-templates.js';
import { type Cluster, clusters, findClusters, listClusters, lockCluster } from '../../../common/db/clusters.js';
import type { Page } from '../../../common/db/page.js';
import { everything, type Scope } from '../../../common/db/scope.js';
import type { TestDatabase } from '../../support/test-database.js';
import { failureOf, newCluster, newTemplate, uuid } from './rows.js';

const LIMIT = 3;

/** Pages in every order, and whose rows they hold. */
export function describePaging(db: () => TestDatabase): void {
  describe('lists in pages', () => {
    let scope: Scope;
    let rows: Omit<Cluster, 'id'>[];

    beforeEach(async () => {
      const projectId = uuid();
      scope = { kind: 'project', projectId };
      const names = ['b', 'a', 'B', 'a', 'ä', 'a ', '😀', 'a'];
      rows = names.map((name, index) =>
        newCluster({
          projectId,
          name,
          keypair: index % 3 === 0 ? undefined : ['k', 'K'][index % 2],
          updatedAt: index % 2 === 0 ? undefined : 1_000 * (index % 4),
          stackId: undefined,
        }),
      );
      const foreign = names.map((name) => newCluster({ name }));
      await db().transaction('insert', (trx) => clusters.insertAll(trx, [...foreign, ...rows]));
    });

    const pageOf = (page: Page) => db().read('page', (query) => listClusters(scope, query, page));

    async function allPages(order: Pick<Page, 'sortKey' | 'sortDir'>): Promise<Cluster[]> {
      const seen: Cluster[] = [];
      // One page more than there can be: it must be empty.
      for (let pages = 0; pages <= rows.length; pages++) {
        const marker = seen.at(-1)?.uuid;
        const page = await pageOf({ ...order, limit: LIMIT, ...(marker === undefined ? {} : { marker }) });
        if (page.length === 0) return seen;
        seen.push(...page);
      }
      throw new Error('The pages do not end');
    }

    const orders = ['id', 'name', 'keypair', 'updated_at', 'stack_id', 'uuid', 'floating_ip_enabled'].flatMap(
      (sortKey) => (['asc', 'desc'] as const).map((sortDir) => ({ sortKey, sortDir })),
    );

    it.each(orders)('hold each row once, sorted by $sortKey $sortDir', async (order) => {
      const paged = await allPages(order);
      const atOnce = await pageOf({ ...order, limit: 100 });

      expect(paged.map(({ uuid }) => uuid)).toEqual(atOnce.map(({ uuid }) => uuid));
      expect(paged.map(({ uuid }) => uuid).sort()).toEqual(rows.map(({ uuid }) => uuid).sort());
    });

    it('sort texts by code point and what is not there first, and in the order of making among equals', async () => {
      const inOrder = async (sortKey: string, sortDir: 'asc' | 'desc') => allPages({ sortKey, sortDir });

      const byName = await inOrder('name', 'asc');
      const byKeypair = await inOrder('keypair', 'asc');
      const backwards = await inOrder('keypair', 'desc');

      expect(byName.map(({ name }) => name)).toEqual(['B', 'a', 'a', 'a', 'a ', 'b', 'ä', '😀']);
      expect(byName.slice(1, 4).map(({ id }) => id)).toEqual(
        byName
          .slice(1, 4)
          .map(({ id }) => id)
          .sort((a, b) => a - b),
      );
      expect(byKeypair.map(({ keypair }) => keypair)).toEqual([
        ...[undefined, undefined, undefined],
        ...['K', 'K', 'K', 'k', 'k'],
      ]);
      expect(backwards.map(({ uuid }) => uuid)).toEqual(byKeypair.map(({ uuid }) => uuid).reverse());
    });

    it("refuse a marker that is unknown, or another project's, as not found", async () => {
      const foreign = newCluster();
      await db().transaction('insert', (trx) => clusters.insert(trx, foreign));

      for (const marker of [foreign.uuid, uuid(), '', "' OR 1=1 --"]) {
        const refusal = await failureOf(pageOf({ limit: LIMIT, sortKey: 'name', sortDir: 'asc', marker }));
        expect(refusal).toMatchObject({ kind: 'not_found', field: 'marker' });
      }
    });
  });

  describe('scopes', () => {
    it("show a project's, a user's or all clusters, by list, by find and by lock", async () => {
      const [projectId, userId, name] = [uuid(), uuid(), uuid()];
      const ours = newCluster({ projectId, name });
      const theirs = newCluster({ userId, name });
      const others = newCluster({ name });
      await db().transaction('insert', (trx) => clusters.insertAll(trx, [ours, theirs, others]));
      const page: Page = { limit: 1000, sortKey: 'id', sortDir: 'asc' };
      const cases: [Scope, Omit<Cluster, 'id'>[]][] = [
        [{ kind: 'project', projectId }, [ours]],
        [{ kind: 'user', userId }, [theirs]],
        [{ kind: 'project', projectId: '' }, []],
        [everything, [ours, theirs, others]],
      ];

      for (const [scope, expected] of cases) {
        const listed = await db().read('list', (query) => listClusters(scope, query, page));
        const named = await db().read('find', (query) => findClusters(scope, query, { name }));
        expect(listed.filter((row) => row.name === name).map((row) => row.uuid)).toEqual(
          expected.map((row) => row.uuid),
        );
        expect(named).toHaveLength(Math.min(2, expected.length));
        for (const row of [ours, theirs, others]) {
          const isVisible = expected.includes(row);
          const found = await db().read('find', (query) => findClusters(scope, query, { uuid: row.uuid }));
          const locked = await db().transaction('lock', (trx) => lockCluster(scope, trx, row.uuid));
          expect([found.length === 1, locked !== undefined]).toEqual([isVisible, isVisible]);
        }
      }
    });

    it('show own templates, and public ones of others unless they are hidden', async () => {
      const [projectId, name] = [uuid(), uuid()];
      const own = newTemplate({ name, projectId, hidden: true });
      const open = newTemplate({ name, public: true });
      const hidden = newTemplate({ name, public: true, hidden: true });
      const foreign = newTemplate({ name });
      const all = [own, open, hidden, foreign];
      await db().transaction('insert', (trx) => clusterTemplates.insertAll(trx, all));
      const page: Page = { limit: 1000, sortKey: 'name', sortDir: 'desc' };
      const seenBy = async (scope: Scope) => {
        const listed = await db().read('list', (query) => listClusterTemplates(scope, query, page));
        return listed.flatMap((row) => (row.name === name ? [row.uuid] : [])).reverse();
      };

      expect(await seenBy({ kind: 'project', projectId })).toEqual([own.uuid, open.uuid]);
      expect(await seenBy(everything)).toEqual(all.map(({ uuid }) => uuid));
      const named = await db().read('find', (query) =>
        findClusterTemplates({ kind: 'project', projectId }, query, { uuid: foreign.uuid }),
      );
      expect(named).toEqual([]);
      const beyond = { ...page, marker: foreign.uuid };
      const refusal = db().read('list', (query) => listClusterTemplates({ kind: 'project', projectId }, query, beyond));
      expect(await failureOf(refusal)).toMatchObject({ kind: 'not_found' });
    });
  });
}
