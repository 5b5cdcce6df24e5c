import { clusters, lockCluster } from '../../../common/db/clusters.js';
import { type Database, isDuplicate } from '../../../common/db/database.js';
import { findOpenOperation, openOperation, operations, supersedeOperation } from '../../../common/db/operations.js';
import { everything } from '../../../common/db/scope.js';
import {
  type Claim,
  claimOperation,
  type LeaseDeps,
  LeaseLostError,
  SupersededError,
} from '../../../conductor/lease.js';
import { FakeClock } from '../../support/fake-clock.js';
import type { TestDatabase } from '../../support/test-database.js';
import { acceptedCluster, failureOf, newOperation, uuid } from './rows.js';

const LEASE_MS = 15_000;
const AT_ONCE = 20;

/** One hand on a cluster, whoever reaches for it at the same time. */
export function describeLeases(database: () => TestDatabase): void {
  describe('leases', () => {
    let db: Database;
    let clock: FakeClock;
    let clusterId: string;
    let operationId: string;

    beforeEach(async () => {
      db = database();
      clock = new FakeClock();
      ({ clusterId, operationId } = await acceptedCluster(db, clock.now()));
    });

    const conductor = (owner: string): LeaseDeps => ({ db, clock, owner, leaseMs: LEASE_MS });
    const cluster = () => db.read('cluster', (query) => clusters.find(query, { uuid: clusterId }));

    async function claimed(owner: string): Promise<Claim> {
      const claim = await claimOperation(conductor(owner), operationId);
      if (claim === undefined) throw new Error(`${owner} did not get the operation`);
      return claim;
    }

    /** What a conductor writes, and whether it is allowed to. */
    const write = (claim: Claim, statusReason: string) =>
      claim.lease.fenced('write', (trx) => clusters.update(trx, { uuid: clusterId }, { statusReason }));

    it('are won by exactly one of many conductors that claim at once', async () => {
      const owners = Array.from({ length: AT_ONCE }, (_, index) => `conductor ${index}`);

      const claims = await Promise.all(owners.map((owner) => claimOperation(conductor(owner), operationId)));

      const won = claims.flatMap((claim, index) => (claim === undefined ? [] : [{ claim, owner: owners[index] }]));
      expect(won).toHaveLength(1);
      expect(won[0]?.claim).toMatchObject({ tookOver: false, operation: { uuid: operationId }, cluster: { fence: 1 } });
      expect(await cluster()).toMatchObject({
        leaseOwner: won[0]?.owner,
        leaseExpiresAt: clock.now() + LEASE_MS,
        fence: 1,
      });
      const operation = await db.read('operation', (query) => operations.find(query, { uuid: operationId }));
      expect(operation).toMatchObject({ status: 'running', startedAt: clock.now() });
    });

    it('are taken over with a higher fence once they ran out, and never before', async () => {
      const old = await claimed('old');

      await clock.advance(LEASE_MS - 1);
      expect(await claimOperation(conductor('early'), operationId)).toBeUndefined();
      await clock.advance(1);
      const next = await claimed('new');

      expect(next).toMatchObject({ tookOver: true, cluster: { fence: old.cluster.fence + 1, leaseOwner: 'new' } });
      expect(old.lease.remainingMs).toBe(0);
    });

    it('are won by exactly one of many that take over at once', async () => {
      await claimed('old');
      await clock.advance(LEASE_MS);

      const claims = await Promise.all(
        Array.from({ length: AT_ONCE }, (_, index) => claimOperation(conductor(`new ${index}`), operationId)),
      );

      expect(claims.filter((claim) => claim !== undefined)).toHaveLength(1);
      expect(await cluster()).toMatchObject({ fence: 2 });
    });

    it('keep who lost them from writing and from letting go, even under the same name', async () => {
      const old = await claimed('conductor');
      await clock.advance(LEASE_MS);
      const next = await claimed('conductor');

      expect(await failureOf(write(old, 'by the old one'))).toBeInstanceOf(LeaseLostError);
      await old.lease.release();
      await write(next, 'by the new one');

      expect(await cluster()).toMatchObject({ statusReason: 'by the new one', leaseOwner: 'conductor', fence: 2 });
    });

    it('keep a superseded operation from writing, and nothing of what it tried stays', async () => {
      const claim = await claimed('conductor');
      await write(claim, 'before');
      await db.transaction('supersede', (trx) => supersedeOperation(trx, operationId, clock.now()));
      const before = await cluster();

      expect(await failureOf(write(claim, 'after'))).toBeInstanceOf(SupersededError);

      expect(await cluster()).toEqual(before);
      await claim.lease.release();
      expect(await cluster()).toMatchObject({ leaseOwner: undefined, leaseExpiresAt: undefined, fence: 1 });
    });

    it('last as long as they are renewed, and end the work of who finds them lost', async () => {
      const claim = await claimed('steady');
      claim.lease.start();

      await clock.advance(10 * LEASE_MS);
      expect(await claimOperation(conductor('other'), operationId)).toBeUndefined();
      expect([claim.lease.signal.aborted, claim.lease.remainingMs > LEASE_MS / 2]).toEqual([false, true]);
      await db.transaction('take', (trx) => clusters.update(trx, { uuid: clusterId }, { fence: 9 }));
      await clock.advance(LEASE_MS / 3);

      expect(claim.lease.signal.reason).toBeInstanceOf(LeaseLostError);
      claim.lease.stop();
    });

    it('are not to be had for an operation that is unknown, over, or not due', async () => {
      const finished = await acceptedCluster(db, clock.now());
      await db.transaction('end', (trx) => supersedeOperation(trx, finished.operationId, clock.now()));
      const later = await acceptedCluster(db, clock.now() + 1);

      for (const id of [uuid(), finished.operationId, later.operationId]) {
        expect(await claimOperation(conductor('eager'), id)).toBeUndefined();
      }
      await clock.advance(1);
      expect(await claimOperation(conductor('eager'), later.operationId)).toBeDefined();
    });

    it('do not keep the API from writing, and nobody overwrites anybody', async () => {
      const claim = await claimed('conductor');
      const rename = (index: number) =>
        db.transaction('rename', async (trx) => {
          const found = await lockCluster(everything, trx, clusterId);
          await clusters.update(trx, { uuid: clusterId }, { labels: { ...found?.labels, [`label ${index}`]: 'x' } });
        });
      const numbers = Array.from({ length: AT_ONCE }, (_, index) => index);

      await Promise.all(numbers.flatMap((index) => [rename(index), write(claim, `write ${index}`)]));

      const after = await cluster();
      expect(after).toMatchObject({ version: 1 + AT_ONCE, leaseWrites: AT_ONCE, fence: 1 });
      expect(Object.keys(after?.labels ?? {})).toHaveLength(AT_ONCE);
    });
  });

  describe('two writers of the API on one cluster', () => {
    const now = Date.UTC(2030, 0, 1);

    it('open exactly one operation between them', async () => {
      const db = database();
      const { clusterId, operationId } = await acceptedCluster(db);
      await db.transaction('end', (trx) => supersedeOperation(trx, operationId, now));

      const outcomes = await Promise.allSettled(
        Array.from({ length: AT_ONCE }, () =>
          db.transaction('resize', async (trx) => {
            await lockCluster(everything, trx, clusterId);
            await openOperation(trx, newOperation(clusterId, { kind: 'resize' }));
          }),
        ),
      );

      const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
      expect(refused).toHaveLength(AT_ONCE - 1);
      expect(refused.every(isDuplicate)).toBe(true);
      const resizes = await db.read('operations', (query) => operations.list(query, { clusterId, kind: 'resize' }));
      expect(resizes.map(({ openKey }) => openKey)).toEqual([clusterId]);
    });

    it('that supersede each other leave the last one open and all before it superseded', async () => {
      const db = database();
      const { clusterId } = await acceptedCluster(db);

      await Promise.all(
        Array.from({ length: AT_ONCE }, () =>
          db.transaction('delete', async (trx) => {
            await lockCluster(everything, trx, clusterId);
            const open = await findOpenOperation(trx, clusterId);
            if (open !== undefined) await supersedeOperation(trx, open.uuid, now);
            await openOperation(trx, newOperation(clusterId, { kind: 'delete' }));
          }),
        ),
      );

      const all = await db.read('operations', (query) => operations.list(query, { clusterId }));
      const open = all.filter(({ openKey }) => openKey !== undefined);
      expect([all.length, open.length]).toEqual([AT_ONCE + 1, 1]);
      expect(all.filter(({ status }) => status === 'superseded')).toHaveLength(AT_ONCE);
    });
  });
}
