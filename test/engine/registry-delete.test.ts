import { events } from '../../common/db/events.js';
import type { Fault } from '../../devstack/devcloud/control/faults.js';
import { Scenario, TEMPLATE } from './scenario.js';

const WITH_REGISTRY = { ...TEMPLATE, registry_enabled: true };
const REFUSAL = { status: 403, body: 'Access was denied to this resource.' };

jest.setTimeout(60_000);

let scenario: Scenario;

afterEach(() => scenario.stop());
beforeEach(async () => {
  scenario = await Scenario.start({}, WITH_REGISTRY);
});

const containers = () => [...scenario.world.cloud.state.containers.values()];
const order = (fault: Omit<Extract<Fault, { service: unknown }>, 'service'>) =>
  scenario.world.cloud.faults.order({ service: 'object-store', ...fault });
const messages = async () =>
  (await scenario.world.db.read('check', (query) => events.list(query, {}))).map(({ kind, message }) => ({
    kind,
    message,
  }));

async function createRefused(): Promise<void> {
  order({ times: 1000, action: REFUSAL });
  await scenario.create();
  await scenario.until((cluster) => cluster?.statusReason?.includes('object_store_refused') === true);
}

async function created(): Promise<void> {
  await scenario.create();
  expect(await scenario.settled()).toMatchObject({ status: 'CREATE_COMPLETE', statusReason: undefined });
}

async function deleted(): Promise<void> {
  await scenario.delete();
  await scenario.until((cluster) => cluster === undefined);
}

/** Swift's reseller admin, whom it lets into every project. */
function empowerServiceUser(): void {
  const { identity } = scenario.world.cloud.state;
  const named = (all: Map<string, { id: string; name: string }>, wanted: string) =>
    [...all.values()].find(({ name }) => name === wanted)?.id ?? '';
  identity.grant({
    userId: named(identity.users, 'magnum'),
    roleId: named(identity.roles, 'ResellerAdmin'),
    target: { kind: 'project', id: named(identity.projects, 'service') },
  });
}

describe('the container of a cluster whose create Swift refused', () => {
  it('does not keep the cluster from being deleted', async () => {
    await createRefused();

    await deleted();

    expect(scenario.leftovers()).toEqual({});
    expect(await messages()).toContainEqual({
      kind: 'container_left',
      message: expect.stringMatching(/^Container c-[0-9a-f]{8}-registry may be in Swift, .* answered 403/),
    });
  });

  it('does not when Swift has left the catalog', async () => {
    await createRefused();
    scenario.world.cloud.state.settings.objectStore = false;
    scenario.world.killAll();
    await scenario.world.startProcess();

    await deleted();

    expect(scenario.leftovers()).toEqual({});
    expect(await messages()).toContainEqual({
      kind: 'container_left',
      message: expect.stringMatching(/may be in Swift, .* The service catalog has no public endpoint/),
    });
  });

  it('is deleted when it was made after all and only the answer was lost', async () => {
    order({ method: 'PUT', times: 1000, action: 'cutAfter' });
    await scenario.create();
    await scenario.until(() => containers().length === 1);

    await deleted();

    expect(scenario.leftovers()).toEqual({});
    expect((await messages()).map(({ kind }) => kind)).not.toContain('container_left');
  });
});

describe('a container that Swift refuses to the account', () => {
  it('is deleted by the service user, if Swift lets it', async () => {
    await created();
    empowerServiceUser();
    order({ method: 'GET', action: REFUSAL });

    await deleted();

    expect(containers()).toEqual([]);
    expect((await messages()).map(({ kind }) => kind)).not.toContain('operation_blocked');
  });

  it('stays until somebody may delete it, and who is refused is told', async () => {
    await created();
    order({ method: 'GET', times: 2, action: REFUSAL });

    await deleted();

    expect(scenario.leftovers()).toEqual({});
    expect(await messages()).toContainEqual({
      kind: 'operation_blocked',
      message: expect.stringMatching(
        /refuses container \S+ to the cluster's account and to the service user; operator: /,
      ),
    });
  });
});

describe('images of a registry', () => {
  it('are deleted whatever their names', async () => {
    await created();
    const odd = ['.', '..', '../..', '/', 'a/../b', './c', '%2E%2E', 'ü?&#', ' '];
    for (const name of odd) containers()[0]?.objects.set(name, { content: Buffer.alloc(0), meta: {} });

    await deleted();

    expect(scenario.leftovers()).toEqual({});
  });
});
