import { createPrivateKey, X509Certificate } from 'node:crypto';
import { events } from '../../common/db/events.js';
import { secrets } from '../../common/db/secrets.js';
import { KUBERNETES_TEMPLATE, Scenario } from './scenario.js';

jest.setTimeout(120_000);

let scenario: Scenario;

afterEach(() => scenario.stop());

async function startWithCluster(labels: object): Promise<void> {
  scenario = await Scenario.start({}, KUBERNETES_TEMPLATE);
  await scenario.create({ node_count: 1, master_count: 3, master_lb_enabled: true, labels });
  expect(await scenario.settled()).toMatchObject({ status: 'CREATE_COMPLETE' });
}

/** What the row of the secret has sealed. */
async function handed(): Promise<{ certificate: X509Certificate; key: string; readableBy: string[] } | undefined> {
  const { db, sealer } = scenario.world;
  const row = await db.read('check', (query) => secrets.find(query, { name: 'signing-authority' }));
  if (row?.sealed === undefined) return undefined;
  const { certificate, key } = JSON.parse(sealer.open(`${row.owner}/${row.name}`, row.sealed));
  return { certificate: new X509Certificate(certificate), key, readableBy: row.readableBy };
}

async function told(): Promise<string[]> {
  const all = await scenario.world.db.read('check', (query) => events.list(query, { kind: 'authority_key_given' }));
  return all.map(({ actor, details }) => `${actor.replace(/^node c-[a-z0-9]+-/, '')} ${details.authority}`).toSorted();
}

/** The one that signs for users first. */
async function usersAuthority(): Promise<X509Certificate> {
  const { pem } = (await scenario.expectStatus('GET', '/certificates/c', undefined, 200)) as { pem: string };
  return new X509Certificate(pem);
}

async function rotate() {
  await scenario.expectStatus('PATCH', '/certificates/c', undefined, 202);
  return scenario.settled();
}

const MASTERS = ['master-0', 'master-1', 'master-2'];

describe("the key of a cluster's authority", () => {
  it('leaves Bayou for masters alone where the label asks for it, and each is told of', async () => {
    await startWithCluster({ cert_manager_api: 'true' });

    const { certificate, key, readableBy } = (await handed()) ?? {};
    const { fingerprint256 } = await usersAuthority();

    expect(certificate?.fingerprint256).toBe(fingerprint256);
    expect(certificate?.checkPrivateKey(createPrivateKey(key ?? ''))).toBe(true);
    expect(readableBy).toEqual(['master']);
    expect(await told()).toEqual(MASTERS.map((name) => `${name} ${fingerprint256}`));
  });

  it('is the one of the newest authority as soon as that signs', async () => {
    await startWithCluster({ cert_manager_api: 'yes' });
    const first = await usersAuthority();

    expect(await rotate()).toMatchObject({ status: 'UPDATE_COMPLETE', caRotation: 'open' });

    const { fingerprint256 } = await usersAuthority();
    expect(fingerprint256).not.toBe(first.fingerprint256);
    expect((await handed())?.certificate.fingerprint256).toBe(fingerprint256);
    const given = MASTERS.flatMap((name) => [first.fingerprint256, fingerprint256].map((each) => `${name} ${each}`));
    expect(await told()).toEqual(given.toSorted());

    expect(await rotate()).toMatchObject({ status: 'UPDATE_COMPLETE', caRotation: undefined });
    expect((await handed())?.certificate.fingerprint256).toBe(fingerprint256);
    expect(await told()).toHaveLength(6);
  });

  it.each([{}, { cert_manager_api: 'false' }])('stays where nobody asked for it: %j', async (labels) => {
    await startWithCluster(labels);

    expect(await handed()).toBeUndefined();
    expect(await told()).toEqual([]);
  });
});
