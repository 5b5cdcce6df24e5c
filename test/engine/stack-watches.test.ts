import { type Operation, operations } from '../../common/db/operations.js';
import { StackWatches } from '../../conductor/heat/stack-watches.js';
import type { StackStatus, StackSummary } from '../../openstack/orchestration/stacks.js';
import type { Session } from '../../openstack/session.js';
import { acceptedCluster, NOW, newCluster } from '../contract/database/rows.js';
import { FakeClock } from '../support/fake-clock.js';
import { openTestDatabase, type TestDatabase } from '../support/test-database.js';

const POLL_MS = 2000;
/** What is looked into in one second. */
const LOOKS = 20;

let db: TestDatabase;
let clock: FakeClock;
let watches: StackWatches;
let woken: [string, number][];
let stackStatus: StackStatus | 'unreachable';

beforeEach(async () => {
  db = await openTestDatabase('sqlite');
  clock = new FakeClock({ startAt: NOW });
  woken = [];
  stackStatus = 'IN_PROGRESS';
  watches = new StackWatches(
    {
      db,
      clock,
      accounts: { of: async () => ({}) as Session },
      stacks: { look: async () => seenStack() },
      wake: async (operationId, atMs) => void woken.push([operationId, atMs]),
    },
    { pollMs: POLL_MS, callTimeoutMs: 1000 },
  );
});

afterEach(() => db.close());

function seenStack(): StackSummary {
  if (stackStatus === 'unreachable') throw new Error('Heat does not answer');
  return { status: stackStatus } as StackSummary;
}

/** Operations that wait for a stack, and that have been noted. */
async function waiting(count: number): Promise<Operation[]> {
  const found: Operation[] = [];
  for (let made = 0; made < count; made++) {
    const { operationId } = await acceptedCluster(db);
    await operations.update(db.knex, { uuid: operationId }, { status: 'waiting' });
    const operation = await operations.find(db.knex, { uuid: operationId });
    if (operation !== undefined) found.push(operation);
  }
  for (const operation of found) watches.note(operation, { ...newCluster(), id: 1 }, ['stack']);
  return found;
}

async function putOff(all: readonly Operation[]): Promise<Operation[]> {
  const put: Operation[] = [];
  for (const operation of all) if (await watches.putOff(operation.uuid)) put.push(operation);
  return put;
}

describe('operations that wait for stacks in progress', () => {
  it('are looked into as often as there are looks in a second; the others are put off and woken', async () => {
    const all = await waiting(LOOKS + 5);

    const put = await putOff(all);

    expect(put).toEqual(all.slice(LOOKS));
    const dueAt = NOW + POLL_MS;
    expect(woken).toEqual(put.map(({ uuid }) => [uuid, dueAt]));
    const due = await Promise.all(put.map(({ uuid }) => operations.find(db.knex, { uuid })));
    expect(due.map((row) => row?.dueAt)).toEqual(put.map(() => dueAt));
  });

  it('have their turn: who was passed over is looked into when there are looks again', async () => {
    const put = await putOff(await waiting(LOOKS + 5));

    await clock.advance(POLL_MS);

    expect(await putOff(put)).toEqual([]);
  });

  it.each(['COMPLETE', 'FAILED', 'unreachable'] as const)('are looked at when the stack is %s', async (status) => {
    const all = await waiting(LOOKS + 1);
    stackStatus = status;

    expect(await putOff(all)).toEqual([]);
  });

  it('are looked at when their time is over', async () => {
    const all = await waiting(LOOKS + 1);
    await putOff(all.slice(0, LOOKS));

    const [last] = all.slice(LOOKS);
    if (last !== undefined)
      watches.note({ ...last, deadlineAt: NOW + POLL_MS / 2 }, { ...newCluster(), id: 1 }, ['stack']);

    expect(await putOff(all.slice(LOOKS))).toEqual([]);
  });

  it.each([{ status: 'running' }, { dueAt: NOW + 1 }] as const)('are left alone when they are %j', async (changes) => {
    const all = await waiting(LOOKS + 1);
    const [last] = all.slice(LOOKS);
    await operations.update(db.knex, { uuid: last?.uuid ?? '' }, changes);

    await putOff(all);

    expect(await operations.find(db.knex, { uuid: last?.uuid ?? '' })).toMatchObject(changes);
    expect(woken).toEqual([]);
  });
});
