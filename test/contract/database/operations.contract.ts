import { clusters } from '../../../common/db/clusters.js';
import { conductors, reportConductor } from '../../../common/db/conductors.js';
import { appendEvent, events } from '../../../common/db/events.js';
import { type Node, nodes, touchNodes } from '../../../common/db/nodes.js';
import {
  listDueOperations,
  nudgeOperation,
  type Operation,
  openOperation,
  operations,
} from '../../../common/db/operations.js';
import { removeHistory } from '../../../conductor/history.js';
import type { TestDatabase } from '../../support/test-database.js';
import { acceptedCluster, newCluster, newOperation, uuid } from './rows.js';

const DAY_MS = 86_400_000;

/** Queries about operations, nodes and what is left of both. */
export function describeOperations(db: () => TestDatabase): void {
  describe('due operations', () => {
    /** Long before all others in this database, so that only this test's are due. */
    const now = 1_000_000;
    const due = (at: number, limit = 100) => db().read('due', (query) => listDueOperations(query, at, limit));
    const change = (uuid: string, changes: Partial<Operation>) =>
      db().transaction('change', (trx) => operations.update(trx, { uuid }, changes));

    it('are those that are open, due and held by nobody, the oldest first and no more than asked for', async () => {
      const [late, early, future, closed, held, expired] = await Promise.all(
        [now, now - 10, now + 1, now, now, now - 5].map((at) => acceptedCluster(db(), at)),
      );
      if (!late || !early || !future || !closed || !held || !expired) throw new Error('Six were made');
      await change(closed.operationId, { openKey: undefined });
      const lease = (clusterId: string, leaseExpiresAt: number) =>
        db().transaction('lease', (trx) =>
          clusters.update(trx, { uuid: clusterId }, { leaseOwner: 'conductor', leaseExpiresAt }),
        );
      await lease(held.clusterId, now + 1);
      await lease(expired.clusterId, now);

      expect(await due(now)).toEqual([early, expired, late].map(({ operationId }) => operationId));
      expect(await due(now, 2)).toEqual([early, expired].map(({ operationId }) => operationId));
      expect(await due(now - 11)).toEqual([]);
    });

    it('come to be by a nudge, once, when they wait or are blocked, and not while somebody works on them', async () => {
      const nudged = async (status: Operation['status'], dueAt: number) => {
        const { clusterId, operationId } = await acceptedCluster(db(), dueAt);
        await change(operationId, { status });
        const nudge = () => db().transaction('nudge', (trx) => nudgeOperation(trx, clusterId, now));
        const [first, second] = [await nudge(), await nudge()];
        const after = await db().read('after', (query) => operations.find(query, { uuid: operationId }));
        expect(second).toBeUndefined();
        return [first === operationId, after?.dueAt];
      };

      expect(await nudged('waiting', now + 5000)).toEqual([true, now]);
      expect(await nudged('blocked', now + 5000)).toEqual([true, now]);
      expect(await nudged('waiting', now - 1)).toEqual([false, now - 1]);
      expect(await nudged('running', now + 5000)).toEqual([false, now + 5000]);
      expect(await db().transaction('nudge', (trx) => nudgeOperation(trx, uuid(), now))).toBeUndefined();
    });
  });

  describe('nodes', () => {
    const nodeOf = (clusterId: string, ordinal: number): Omit<Node, 'id'> => ({
      uuid: uuid(),
      clusterId,
      projectId: 'project',
      nodeGroupId: clusterId,
      name: `node-${ordinal}`,
      role: 'worker',
      ordinal,
      state: 'wanted',
      nodeData: {},
      certificateProfiles: {},
      ticketExpiresAt: undefined,
      enrolledKey: undefined,
      enrolledAt: undefined,
      sshHostKey: undefined,
      serverId: undefined,
      addresses: {},
      steps: [],
      ready: false,
      load: {},
      orchestrator: {},
      fault: undefined,
      lastSeen: undefined,
      reportedAt: undefined,
      createdAt: 0,
      updatedAt: undefined,
    });

    it('are touched by the hundred in one go, those that are named and no others', async () => {
      const clusterId = uuid();
      const all = Array.from({ length: 1100 }, (_, ordinal) => nodeOf(clusterId, ordinal));
      await db().transaction('insert', (trx) => nodes.insertAll(trx, all));
      const named = all.slice(0, 1050).map((node) => node.uuid);

      await db().transaction('touch', (trx) => touchNodes(trx, [...named, uuid()], 12_345));
      await db().transaction('touch', (trx) => touchNodes(trx, [], 99_999));

      const touched = await db().read('touched', (query) => nodes.list(query, { clusterId, lastSeen: 12_345 }));
      const rest = await db().read('rest', (query) => nodes.list(query, { clusterId, lastSeen: undefined }));
      expect([touched.length, rest.length]).toEqual([1050, 50]);
    });
  });

  describe('conductors', () => {
    it('that report at once have one row per host, which counts up', async () => {
      const [host, other] = [uuid(), uuid()];
      const report = (name: string, at: number) => db().transaction('report', (trx) => reportConductor(trx, name, at));

      await Promise.all([report(host, 1), report(host, 1), report(other, 1)]);
      await report(host, 5);

      const rows = await db().read('conductors', (query) => conductors.list(query, { host }));
      expect(rows).toHaveLength(1);
      expect(rows[0]).toMatchObject({ lastSeenUp: 5, disabled: false });
      expect(rows[0]?.reportCount).toBeGreaterThanOrEqual(2);
    });
  });

  describe('history', () => {
    it('goes when it is old and its cluster is gone, and stays otherwise', async () => {
      const [before, old, young] = [10 * DAY_MS, 9 * DAY_MS, 11 * DAY_MS];
      const standing = newCluster();
      const gone = uuid();
      const add = async (clusterId: string, at: number) => {
        await db().transaction('add', async (trx) => {
          const operation = newOperation(clusterId);
          await openOperation(trx, operation);
          const ended = { openKey: undefined, dueAt: undefined, finishedAt: at };
          await operations.update(trx, { uuid: operation.uuid }, ended);
          await appendEvent(trx, {
            uuid: uuid(),
            clusterId,
            projectId: 'project',
            actor: 'bayou',
            kind: 'test',
            message: '',
            createdAt: at,
          });
        });
      };
      await db().transaction('insert', (trx) => clusters.insert(trx, standing));
      for (const clusterId of [standing.uuid, gone]) for (const at of [old, young]) await add(clusterId, at);
      const left = async (clusterId: string) => {
        const told = await db().read('events', (query) => events.list(query, { clusterId }));
        const done = await db().read('operations', (query) => operations.list(query, { clusterId }));
        return [told.map(({ createdAt }) => createdAt), done.map(({ finishedAt }) => finishedAt)];
      };

      await removeHistory(db(), before);
      await removeHistory(db(), before);

      expect(await left(standing.uuid)).toEqual([
        [old, young],
        [old, young],
      ]);
      expect(await left(gone)).toEqual([[young], [young]]);
    });

    it('goes a bounded number of rows at a time', async () => {
      const clusterId = uuid();
      const rows = Array.from({ length: 1001 }, () => ({
        ...{ uuid: uuid(), clusterId, projectId: 'project', actor: 'bayou', kind: 'test', message: '' },
        ...{ details: {}, createdAt: 5 },
      }));
      await db().transaction('insert', (trx) => events.insertAll(trx, rows));
      const left = async () => (await db().read('events', (query) => events.list(query, { clusterId }))).length;

      await removeHistory(db(), 10);
      expect(await left()).toBe(1);
      await removeHistory(db(), 10);
      expect(await left()).toBe(0);
    });
  });
}
