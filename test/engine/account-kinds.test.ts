import { cloudResources } from '../../common/db/cloud-resources.js';
import { seedId } from '../../devstack/devcloud/seed-id.js';
import { sampled } from '../crash/lives.js';
import { ClusterLife } from '../simulation/life.js';
import type { FaultKind, PlannedFault } from '../simulation/seams.js';
import { World } from '../simulation/world.js';
import { Scenario } from './scenario.js';

type Kind = 'user' | 'trust';

const settingsOf = (kind: Kind) => ({ BAYOU_TRUST__ACCOUNT_KIND: kind });
const CREATOR = seedId('user demo');

describe('a cluster whose creator leaves', () => {
  let scenario: Scenario;

  afterEach(() => scenario.stop());

  async function readyAndOrphaned(kind: Kind): Promise<void> {
    scenario = await Scenario.start({ settings: settingsOf(kind) });
    await scenario.create();
    expect(await scenario.settled()).toMatchObject({ status: 'CREATE_COMPLETE', accountKind: kind });
    scenario.world.cloud.state.identity.removeUser(CREATOR);
    scenario.world.requester = 'reader';
  }

  async function deletedWithoutRest(): Promise<void> {
    await scenario.delete();
    expect(await scenario.settled()).toBeUndefined();
    expect(scenario.leftovers()).toEqual({});
    const inventory = await scenario.world.db.read('check', (query) => cloudResources.list(query, {}));
    expect(inventory.filter(({ state }) => state !== 'gone')).toEqual([]);
  }

  it('goes on with an account of kind user', async () => {
    await readyAndOrphaned('user');

    await scenario.resize({ node_count: 3 });

    expect(await scenario.settled()).toMatchObject({ status: 'UPDATE_COMPLETE' });
    await deletedWithoutRest();
  });

  it('says with one of kind trust why it cannot change, and is deleted without a rest', async () => {
    await readyAndOrphaned('trust');

    await scenario.resize({ node_count: 3 });
    const cluster = await scenario.settled();

    expect(cluster?.status).toBe('UPDATE_FAILED');
    expect(cluster?.statusReason).toMatch(
      new RegExp(`^\\[trust_broken\\] the trust of user ${CREATOR}.* is gone.*; user: .*make another cluster`),
    );
    await deletedWithoutRest();
  });

  it('waits with one of kind trust for a creator who is only disabled', async () => {
    scenario = await Scenario.start({ settings: settingsOf('trust') });
    await scenario.create();
    await scenario.settled();
    const creator = scenario.world.cloud.state.identity.users.get(CREATOR);
    if (creator === undefined) throw new Error('There is no user demo.');
    creator.enabled = false;
    scenario.world.requester = 'reader';

    await scenario.resize({ node_count: 3 });
    const blocked = await scenario.until((cluster) => cluster?.statusReason !== undefined);
    expect(blocked?.statusReason).toMatch(/^\[trust_refused\] .*disabled, or lacks a role/);
    creator.enabled = true;

    expect(await scenario.settled()).toMatchObject({ status: 'UPDATE_COMPLETE', statusReason: undefined });
    scenario.world.requester = 'demo';
    await deletedWithoutRest();
  });
});

describe('a life with an account of kind trust', () => {
  async function live(fault?: PlannedFault) {
    const world = await World.start({ seed: 1, settings: settingsOf('trust') });
    const life = new ClusterLife(world);
    try {
      await life.prepare();
      return { points: await life.run(fault), findings: life.findings };
    } finally {
      await world.stop();
    }
  }

  let points: string[];

  beforeAll(async () => {
    const life = await live();
    expect(life.findings).toEqual([]);
    points = life.points;
  });

  /** Where its account comes and goes. */
  const faults: [FaultKind, string][] = [
    ['killed after', 'cloud POST /identity/v3/users'],
    ['lands late', 'cloud POST /identity/v3/users'],
    ['killed after', 'cloud POST /identity/v3/OS-TRUST/trusts'],
    ['lands late', 'cloud POST /identity/v3/OS-TRUST/trusts'],
    ['answer lost', 'database write cluster-create'],
    ['killed after', 'cloud DELETE /identity/v3/OS-TRUST/trusts/*'],
    ['frozen before', 'cloud DELETE /identity/v3/OS-TRUST/trusts/*'],
    ['killed after', 'cloud DELETE /identity/v3/users/*'],
  ];

  it.each(sampled(faults, 3))('ends the same when the process is "%s" at %s', async (kind, label) => {
    const point = points.indexOf(label);
    expect(points).toContain(label);

    expect((await live({ point, kind })).findings).toEqual([]);
  });
});
