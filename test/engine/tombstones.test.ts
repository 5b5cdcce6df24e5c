import { type CloudResource, cloudResources } from '../../common/db/cloud-resources.js';
import { seedId } from '../../devstack/devcloud/seed-id.js';
import { Scenario } from './scenario.js';

const HOUR_MS = 3_600_000;
/** Tombstones are looked at once a minute. */
const ROUND_MS = 130_000;
/** After the start; the first call is under way. */
const ROUND_BEGINS_MS = 61_000;
/** Just shorter than the longest call. */
const SLOW_MS = 9000;
const TRUSTEE_DOMAIN = 'magnum';

let scenario: Scenario;

beforeEach(async () => {
  scenario = await Scenario.start();
});

afterEach(() => scenario.stop());

function tombstones(): Promise<CloudResource[]> {
  return scenario.world.db.read('check', (query) => cloudResources.list(query, { state: 'gone' }));
}

/** As a request leaves it that ends between the account and its cluster. */
async function abandonAccount(name: string): Promise<void> {
  const { identity } = scenario.world.cloud.state;
  const domain = [...identity.domains.values()].find((each) => each.name === TRUSTEE_DOMAIN);
  const user = { id: seedId(name), name, domainId: domain?.id ?? '', description: '', password: 'secret' };
  identity.users.set(user.id, { ...user, enabled: true, defaultProjectId: undefined });
  const now = scenario.world.clock.now();
  const tombstone = {
    uuid: seedId(`tombstone ${name}`),
    clusterId: seedId(`cluster ${name}`),
    projectId: scenario.projectId,
    service: 'identity',
    type: 'user',
    name,
    state: 'gone',
    details: {},
    checkAt: now + HOUR_MS,
    createdAt: now,
  } as const;
  await scenario.world.db.transaction('abandon', (trx) => cloudResources.insert(trx, tombstone));
}

/** Nobody runs in between: that saves time. */
async function passWithoutBayou(ms: number): Promise<void> {
  scenario.world.killAll();
  await scenario.world.clock.advance(ms);
  await scenario.world.startProcess();
  // Another member of the project: the token of the first one has run out.
  scenario.world.requester = 'reader';
}

describe('tombstones that cannot be looked at', () => {
  beforeEach(async () => {
    await scenario.create({ node_count: 1 });
    await scenario.settled();
    await scenario.delete();
    await scenario.until((cluster) => cluster === undefined);
    const refused = { service: 'orchestration', method: 'GET', times: 100_000, action: { status: 403 } } as const;
    scenario.world.cloud.faults.order(refused);
  });

  it('hold up no other', async () => {
    await abandonAccount('late-account');

    await passWithoutBayou(HOUR_MS);
    await scenario.world.clock.advance(ROUND_MS);

    expect(scenario.leftovers().users).toBeUndefined();
    const stacks = (await tombstones()).filter(({ type }) => type === 'stack');
    expect(stacks.length).toBeGreaterThan(1);
    for (const { checkAt = 0 } of stacks) expect(checkAt).toBeGreaterThan(scenario.world.clock.now());
  });

  it('are given up after a week, and told', async () => {
    await passWithoutBayou(7 * 24 * HOUR_MS);
    await scenario.world.clock.advance(ROUND_MS);
    const stacks = (await tombstones()).filter(({ type }) => type === 'stack');
    expect(stacks.length).toBeGreaterThan(1);
    expect(await scenario.eventKinds()).not.toContain('tombstone_given_up');

    await passWithoutBayou(HOUR_MS);
    await scenario.world.clock.advance(ROUND_MS);

    expect((await tombstones()).filter(({ type }) => type === 'stack')).toEqual([]);
    const told = JSON.stringify(
      await scenario.expectStatus('GET', `/clusters/${stacks[0]?.clusterId}/events`, undefined, 200),
    );
    for (const { name } of stacks) expect(told).toContain(`stack ${name} was deleted, but for 7 days nobody could`);
  });
});

describe('the tombstone of an emptied node group', () => {
  beforeEach(async () => {
    // They are looked at before it.
    for (let index = 0; index < 6; index++) await abandonAccount(`account-${index}`);
    await scenario.create({ node_count: 1 });
    await scenario.settled();
    await scenario.resize({ node_count: 0 });
    await scenario.settled();
    const stacks = (await tombstones()).filter(({ type }) => type === 'stack');
    expect(stacks.map(({ name }) => name)).toEqual([expect.stringMatching(/-workers-0$/)]);
  });

  const workers = () =>
    [...scenario.world.cloud.state.orchestration.stacks.values()]
      .filter(({ name }) => name.endsWith('-workers-0'))
      .map(({ action, status }) => `${action} ${status}`);

  it.each([
    ['before its turn comes', { service: 'identity', path: 'name=account-', times: 6 }],
    ['while it is looked for', { service: 'orchestration', path: 'name=.*-workers-0', times: 1 }],
  ] as const)('touches no stack of a group that is filled again %s', async (_when, slow) => {
    await passWithoutBayou(HOUR_MS);
    scenario.world.cloud.faults.order({ ...slow, method: 'GET', delayMs: SLOW_MS });
    await scenario.world.clock.advance(ROUND_BEGINS_MS);

    await scenario.resize({ node_count: 1 });
    const cluster = await scenario.settled();
    await scenario.world.clock.advance(ROUND_MS);

    expect(cluster).toMatchObject({ status: 'UPDATE_COMPLETE' });
    expect(workers()).toEqual(['CREATE COMPLETE']);
  });
});
