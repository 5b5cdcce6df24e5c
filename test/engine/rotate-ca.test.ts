import { X509Certificate } from 'node:crypto';
import { certificates } from '../../common/db/certificates.js';
import { events } from '../../common/db/events.js';
import { nodeTasks } from '../../common/db/node-tasks.js';
import { secrets } from '../../common/db/secrets.js';
import { createRequest } from '../../common/x509.js';
import { sampled } from '../crash/lives.js';
import type { NodeBehaviour } from '../simulation/played-nodes.js';
import type { FaultKind, PlannedFault } from '../simulation/seams.js';
import { KUBERNETES_TEMPLATE, Scenario } from './scenario.js';

jest.setTimeout(120_000);

let scenario: Scenario;

afterEach(() => scenario.stop());

async function start(order: object = {}, nodes: NodeBehaviour = {}): Promise<void> {
  scenario = await Scenario.start({ nodes }, KUBERNETES_TEMPLATE);
  await scenario.create(order);
  expect(await scenario.settled()).toMatchObject({ status: 'CREATE_COMPLETE' });
}

const accept = (status = 202) => scenario.expectStatus('PATCH', '/certificates/c', undefined, status);

async function rotate() {
  await accept();
  return scenario.settled();
}

/** What the API gives as the authorities that users trust, by fingerprint. */
async function authorities(type = 'kubernetes'): Promise<string[]> {
  const path = `/certificates/c?ca_cert_type=${type}`;
  const { pem } = (await scenario.expectStatus('GET', path, undefined, 200)) as { pem: string };
  return pem.split(/(?<=-----END CERTIFICATE-----)\n/).map((one) => new X509Certificate(one).fingerprint256);
}

/** Fingerprint of the authority that signs for a user now. */
async function signer(): Promise<string | undefined> {
  const { csrPem } = await createRequest({ commonName: 'admin', organization: 'system:masters' });
  const body = { cluster_uuid: 'c', csr: csrPem };
  const { pem } = (await scenario.expectStatus('POST', '/certificates', body, 201)) as { pem: string };
  return authorityOf(pem);
}

const records = () => scenario.world.db.read('check', (query) => certificates.list(query, {}));

async function authorityOf(pem: string): Promise<string | undefined> {
  const certificate = new X509Certificate(pem);
  const all = (await records()).filter(({ kind }) => kind === 'ca').map((record) => new X509Certificate(record.pem));
  return all.find((authority) => certificate.verify(authority.publicKey))?.fingerprint256;
}

/** Node's newest certificate of this profile → its authority. */
async function issuersOf(profile: string): Promise<Set<string | undefined>> {
  const newest = new Map<string, string>();
  for (const { name, nodeId, pem } of await records()) if (name === profile) newest.set(nodeId ?? '', pem);
  return new Set(await Promise.all([...newest.values()].map(authorityOf)));
}

async function tasks(): Promise<string[]> {
  const all = await scenario.world.db.read('check', (query) => nodeTasks.list(query, {}));
  return all
    .filter(({ name }) => name.startsWith('rotate'))
    .map(({ name, taskKey, state }) => {
      const [stage, node = 'workloads'] = (taskKey.split(':').at(-1) ?? '').split(' ');
      const subject = name === 'rotate-ca' ? node.replace(/^c-[a-z0-9]+-/, '') : 'workloads';
      return `${stage} ${subject}${state === 'succeeded' ? '' : ` ${state}`}`;
    });
}

const messages = async () =>
  (await scenario.world.db.read('check', (query) => events.list(query, {}))).map(({ message }) => message).join('\n');
const authorityKeys = async () =>
  (await scenario.world.db.read('check', (query) => secrets.list(query, {})))
    .map(({ name }) => name)
    .filter((name) => name.startsWith('ca-key:') && name !== 'ca-key:node')
    .toSorted();
const KEYS = ['ca-key:cluster', 'ca-key:etcd', 'ca-key:front-proxy', 'ca-key:nodes'];
const IN_ORDER = (stage: string) => ['master-0', 'master-1', 'master-2', 'worker-0'].map((node) => `${stage} ${node}`);

describe('a rotation of the authorities', () => {
  it('begins with new ones beside the old, and ends the old ones when it is asked for again', async () => {
    await start({ master_count: 3, node_count: 1, master_lb_enabled: true });
    const [old] = await authorities();

    expect(await rotate()).toMatchObject({ status: 'UPDATE_COMPLETE', caRotation: 'open', healthStatus: 'HEALTHY' });

    const both = await authorities();
    const [now] = both;
    expect(both).toEqual([now, old]);
    expect(now).not.toBe(old);
    expect(await authorities('etcd')).toHaveLength(2);
    expect(await signer()).toBe(now);
    // Whoever knows the old authority only still believes the API, and nodes show nothing old.
    expect(await issuersOf('kube-apiserver')).toEqual(new Set([old]));
    expect((await issuersOf('kubelet')).size).toBe(1);
    expect(await tasks()).toEqual([...IN_ORDER('trust'), ...IN_ORDER('issue'), 'issue workloads']);
    expect(await messages()).toContain('fetch "openstack coe cluster config" again');
    const begun = await tasks();

    expect(await rotate()).toMatchObject({ status: 'UPDATE_COMPLETE', caRotation: undefined, healthStatus: 'HEALTHY' });

    expect(await authorities()).toEqual([now]);
    expect(await issuersOf('kube-apiserver')).toEqual(new Set([now]));
    expect(await authorityKeys()).toEqual(KEYS);
    expect((await tasks()).slice(begun.length)).toEqual([
      ...IN_ORDER('serve').slice(0, 3),
      ...IN_ORDER('drop'),
      'drop workloads',
    ]);
    const operations = await scenario.operations();
    expect(operations.map(({ kind }) => kind)).toEqual(['create', 'rotate_ca', 'rotate_ca']);
  });

  it('lets nodes come in between, and begins anew when it has ended', async () => {
    await start({ node_count: 1 });
    await rotate();
    await scenario.resize({ node_count: 3 });
    expect(await scenario.settled()).toMatchObject({ status: 'UPDATE_COMPLETE', caRotation: 'open' });
    expect((await issuersOf('kubelet')).size).toBe(1);

    expect(await rotate()).toMatchObject({ status: 'UPDATE_COMPLETE', caRotation: undefined });
    expect((await tasks()).filter((task) => task.startsWith('drop'))).toHaveLength(5);
    const [first] = await authorities();
    await rotate();
    expect(await authorities()).toEqual([expect.not.stringMatching(first ?? ''), first]);
    expect(await rotate()).toMatchObject({ status: 'UPDATE_COMPLETE', caRotation: undefined });
  });

  it.each(sampled(['trust', 'issue', 'serve', 'drop'], 2))(
    'that a node fails at "%s" says so, and goes on there next time',
    async (at) => {
      let stage = '';
      let isBroken = true;
      const failTask = (node: string, task: string) =>
        isBroken && stage === at && task === 'rotate-ca' && node.includes(at === 'serve' ? 'master' : 'worker-1')
          ? 'authorities\nat kubelet: kubelet does not come back to the API'
          : undefined;
      await start({ node_count: 2 }, { failTask });
      const untilFailed = async () => {
        await accept();
        return scenario.until((cluster) => {
          stage = cluster?.caRotation ?? '';
          return cluster?.status.endsWith('_IN_PROGRESS') !== true;
        });
      };
      if (at === 'serve' || at === 'drop') expect(await untilFailed()).toMatchObject({ status: 'UPDATE_COMPLETE' });

      const failed = await untilFailed();

      expect(failed).toMatchObject({ status: 'UPDATE_FAILED', caRotation: at });
      expect(failed?.statusReason).toMatch(
        /^\[rotation_failed\] node \S+ did not come to the new certificates: at kubelet: kubelet does not come back/,
      );
      const before = await authorities();
      isBroken = false;
      expect(await rotate()).toMatchObject({
        status: 'UPDATE_COMPLETE',
        caRotation: at === 'serve' || at === 'drop' ? undefined : 'open',
      });
      expect(new Set([...(await authorities()), ...before]).size).toBe(at === 'drop' ? 1 : 2);
    },
  );

  it('waits for a node that is silent until its time is over, and names it', async () => {
    let isSilent = false;
    await start({ node_count: 1, create_timeout: 5 }, { silent: (node) => isSilent && node.includes('worker-0') });
    isSilent = true;

    const failed = await rotate();

    expect(failed).toMatchObject({ status: 'UPDATE_FAILED', caRotation: 'trust' });
    expect(failed?.statusReason).toMatch(/^\[rotation_failed\] .*nothing was heard .* of \S+worker-0;/);
    isSilent = false;
    expect(await rotate()).toMatchObject({ status: 'UPDATE_COMPLETE', caRotation: 'open' });
  });

  it('goes on where what runs in the cluster can not be told, and says so', async () => {
    const failTask = (_node: string, task: string) =>
      task === 'rotate-ca-workloads' ? 'the right was taken away' : undefined;
    await start({ node_count: 1 }, { failTask });

    expect(await rotate()).toMatchObject({ status: 'UPDATE_COMPLETE', caRotation: 'open' });
    expect(await messages()).toContain('the right was taken away; restart the add-ons');
  });

  it('gives way to a delete, and to nothing else', async () => {
    await start({ node_count: 2 });
    await accept();

    const refused = await scenario.expectStatus('POST', '/clusters/c/actions/resize', { node_count: 1 }, 400);
    expect(JSON.stringify(refused)).toContain('its rotate_ca');
    await accept(400);
    await scenario.delete();
    await scenario.until((cluster) => cluster === undefined);

    expect(scenario.leftovers()).toEqual({});
    expect(await authorityKeys()).toEqual([]);
  });
});

/** Of the points that the process passes, in parts of all of them. */
const FAULTS: [FaultKind, number][] = [
  ['killed before', 0.15],
  ['killed after', 0.4],
  ['answer lost', 0.65],
  ['frozen after', 0.9],
];

describe('a rotation whose conductor', () => {
  async function rotateWith(plan: PlannedFault | undefined): Promise<number> {
    await accept();
    return (await scenario.settledBy(plan)).length;
  }

  let points: number[];
  let expected: string[];

  beforeAll(async () => {
    await start({ node_count: 1 });
    points = [await rotateWith(undefined), await rotateWith(undefined)];
    expected = await tasks();
    await scenario.stop();
  });

  it.each(sampled(FAULTS, 2))('is %s at a point ends well, with each task ordered once', async (kind, part) => {
    await start({ node_count: 1 });
    for (const count of points) await rotateWith({ point: Math.floor(part * count), kind });

    expect(await scenario.cluster()).toMatchObject({ status: 'UPDATE_COMPLETE', caRotation: undefined });
    expect(await tasks()).toEqual(expected);
    expect(await authorityKeys()).toEqual(KEYS);
    expect(await authorities()).toHaveLength(1);
  });
});
