import { ACCOUNT_PASSWORD, NEXT_ACCOUNT_PASSWORD, passwordPurpose } from '../../common/cluster-account.js';
import { type Secret, secrets } from '../../common/db/secrets.js';
import { Sealer } from '../../common/sealing.js';
import { REGISTRY_LOGIN } from '../../drivers/driver.js';
import { sampled } from '../crash/lives.js';
import type { FaultKind, PlannedFault } from '../simulation/seams.js';
import { Scenario, TEMPLATE } from './scenario.js';

type Kind = 'user' | 'trust';

/** Longer than a call that hangs in the network. */
const LATE_MS = 700_000;
const WITH_REGISTRY = { ...TEMPLATE, registry_enabled: true };
const sealer = new Sealer(Buffer.alloc(32, 7));

/** Whole lives of clusters. */
jest.setTimeout(120_000);

let scenario: Scenario;

afterEach(() => scenario.stop());

async function startWithCluster(kind: Kind = 'user', silent: () => boolean = () => false): Promise<void> {
  const settings = { BAYOU_TRUST__ACCOUNT_KIND: kind };
  scenario = await Scenario.start({ settings, nodes: { silent } }, WITH_REGISTRY);
  await scenario.create({ node_count: 1 });
  expect(await scenario.settled()).toMatchObject({ status: 'CREATE_COMPLETE', accountKind: kind });
}

async function rotate(status = 202): Promise<void> {
  const cluster = await scenario.cluster();
  const body = await scenario.expectStatus('PATCH', '/credentials/c', undefined, status);
  if (status === 202) expect(body).toEqual({ uuid: cluster?.uuid });
}

async function secretsNamed(name: string): Promise<Secret | undefined> {
  const owner = (await scenario.cluster())?.uuid ?? '';
  return scenario.world.db.read('check', (query) => secrets.find(query, { owner, name }));
}

/** What Bayou holds of the cluster's two users, and what Keystone knows of them. */
async function passwords() {
  const cluster = await scenario.cluster();
  const uuid = cluster?.uuid ?? '';
  const { users } = scenario.world.cloud.state.identity;
  const account = await secretsNamed(ACCOUNT_PASSWORD);
  const registry = await secretsNamed(REGISTRY_LOGIN);
  const login = JSON.parse(sealer.open(`${uuid}/${REGISTRY_LOGIN}`, registry?.sealed ?? ''));
  return {
    account: sealer.open(passwordPurpose(uuid), account?.sealed ?? ''),
    accountInKeystone: users.get(cluster?.accountUserId ?? '')?.password,
    registry: login.password,
    registryInKeystone: users.get(login.user_id)?.password,
    registryUsers: [...users.values()].filter(({ name }) => name.startsWith('registry-')).length,
    isNextThere: (await secretsNamed(NEXT_ACCOUNT_PASSWORD)) !== undefined,
  };
}

/** Everything has changed, is known to both sides, and works. */
async function expectRotated(before: { account: string; registry: string }): Promise<void> {
  const after = await passwords();
  expect(after).toMatchObject({
    accountInKeystone: after.account,
    registryInKeystone: after.registry,
    registryUsers: 1,
    isNextThere: false,
  });
  expect(after.account).not.toBe(before.account);
  expect(after.registry).not.toBe(before.registry);
}

async function resizedAndDeleted(): Promise<void> {
  await scenario.resize({ node_count: 2 });
  expect(await scenario.settled()).toMatchObject({ status: 'UPDATE_COMPLETE', statusReason: undefined });
  await scenario.delete();
  expect(await scenario.settled()).toBeUndefined();
  expect(scenario.leftovers()).toEqual({});
}

describe('a rotation of credentials', () => {
  it.each<Kind>(['user', 'trust'])(
    'changes all that a cluster with an account of kind %s logs in with',
    async (kind) => {
      await startWithCluster(kind);
      const before = await passwords();

      await rotate();
      expect((await scenario.cluster())?.status).toBe('UPDATE_IN_PROGRESS');
      await rotate(400);

      expect(await scenario.settled()).toMatchObject({ status: 'UPDATE_COMPLETE', statusReason: undefined });
      await expectRotated(before);
      expect(await scenario.eventKinds()).toContain('account_password_changed');
      await resizedAndDeleted();
    },
  );

  it('can be asked for again and again, each time with another password', async () => {
    await startWithCluster();
    const seen = new Set([(await passwords()).account]);

    for (let time = 0; time < 2; time++) {
      await rotate();
      await scenario.settled();
      seen.add((await passwords()).account);
    }

    expect(seen.size).toBe(3);
  });

  it('mends an account whose password somebody else has changed', async () => {
    await startWithCluster();
    const before = await passwords();
    const user = scenario.world.cloud.state.identity.users.get((await scenario.cluster())?.accountUserId ?? '');
    if (user === undefined) throw new Error('There is no account.');
    user.password = 'of somebody else';
    scenario.world.cloud.state.identity.revokeTokens(user.id);

    await rotate();

    expect(await scenario.settled()).toMatchObject({ status: 'UPDATE_COMPLETE' });
    await expectRotated(before);
  });

  it('leaves a registry its old login as long as a node has not taken up the new one', async () => {
    let isSilent = false;
    await startWithCluster('user', () => isSilent);
    isSilent = true;

    await rotate();
    expect(await scenario.settled()).toMatchObject({ status: 'UPDATE_COMPLETE' });
    const { registryUsers, account, accountInKeystone } = await passwords();

    expect([registryUsers, accountInKeystone]).toEqual([2, account]);
  });
});

describe('a rotation of credentials with a fault', () => {
  async function rotateWith(plan: PlannedFault | undefined): Promise<string[]> {
    await rotate();
    return scenario.settledBy(plan);
  }

  let points: Record<Kind, string[]>;

  beforeAll(async () => {
    points = { user: [], trust: [] };
    for (const kind of ['user', 'trust'] as const) {
      await startWithCluster(kind);
      points[kind] = await rotateWith(undefined);
      await scenario.stop();
    }
  });

  const faults: [Kind, FaultKind, string][] = [
    ['user', 'killed after', 'database write next account password'],
    ['user', 'killed after', 'cloud PATCH /identity/v3/users/*'],
    ['user', 'answer lost', 'cloud PATCH /identity/v3/users/*'],
    ['user', 'frozen before', 'cloud PATCH /identity/v3/users/*'],
    ['user', 'frozen after', 'cloud PATCH /identity/v3/users/*'],
    ['user', 'lands late', 'cloud PATCH /identity/v3/users/*'],
    ['user', 'killed before', 'database write account password'],
    ['user', 'answer lost', 'database write account password'],
    ['user', 'killed after', 'cloud POST /identity/v3/users'],
    ['user', 'killed before', 'database write registry login'],
    ['trust', 'killed after', 'cloud PATCH /identity/v3/users/*'],
    ['trust', 'answer lost', 'database write account password'],
    ['trust', 'lands late', 'cloud PATCH /identity/v3/users/*'],
  ];

  it.each(sampled(faults, 4))(
    'of kind %s ends the same when the process is "%s" at %s',
    async (kind, fault, label) => {
      const point = points[kind].indexOf(label);
      expect(points[kind]).toContain(label);
      await startWithCluster(kind);
      const before = await passwords();

      await rotateWith({ point, kind: fault });

      expect(await scenario.cluster()).toMatchObject({ status: 'UPDATE_COMPLETE', statusReason: undefined });
      await expectRotated(before);
      if (fault === 'lands late') await scenario.world.clock.advance(LATE_MS);
      await resizedAndDeleted();
    },
    120_000,
  );

  it('gives way to a delete, which logs in with whatever Keystone knows by then', async () => {
    await startWithCluster();
    const { world } = scenario;
    await rotate();
    world.killAll();
    const point = points.user.indexOf('cloud PATCH /identity/v3/users/*');
    await world.startProcess({ point, kind: 'killed after' });
    await scenario.until(() => world.processes.length === 0);
    expect(await passwords()).toMatchObject({ isNextThere: true });
    const account = (await scenario.cluster())?.accountUserId;
    const killedAt = world.clock.now();
    await world.startProcess();

    await scenario.delete();

    const isItself = () =>
      [...world.cloud.state.identity.tokens.values()].some(
        ({ userId, scope, issuedAt }) => userId === account && scope !== undefined && issuedAt >= killedAt,
      );
    await scenario.until(isItself);
    expect(await scenario.settled()).toBeUndefined();
    expect(scenario.leftovers()).toEqual({});
  });
});
