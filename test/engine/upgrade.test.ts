import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeGroups } from '../../common/db/node-groups.js';
import { type NodeTask, nodeTasks } from '../../common/db/node-tasks.js';
import { nodes } from '../../common/db/nodes.js';
import { templatePath } from '../../common/package-root.js';
import type { NodeBehaviour } from '../simulation/played-nodes.js';
import { KUBERNETES_TEMPLATE, Scenario } from './scenario.js';

const OLD = 'v1.20.2';
const NEW = 'v1.20.3';
const MIRROR = 'http://mirror.example.org';

let scenario: Scenario;
let bills: string;

beforeAll(() => {
  bills = mkdtempSync(join(tmpdir(), 'bayou-bills-'));
  for (const version of [NEW, 'v1.21.0', 'v1.22.0', 'v1.23.0']) {
    const text = readFileSync(templatePath('kubernetes', 'versions', `${OLD}.yaml`), 'utf8');
    writeFileSync(join(bills, `${version}.yaml`), text.replaceAll(OLD, version));
  }
});
afterAll(() => rmSync(bills, { recursive: true }));
afterEach(() => scenario.stop());

async function start(order: object = {}, behaviour: NodeBehaviour = {}): Promise<void> {
  const settings = { BAYOU_KUBERNETES__BILLS_PATH: bills, BAYOU_KUBERNETES__MIRROR_URL: MIRROR };
  scenario = await Scenario.start({ settings, nodes: behaviour }, templateOf(OLD));
  await scenario.create({ cluster_template_id: OLD, ...order });
  expect(await scenario.settled()).toMatchObject({ status: 'CREATE_COMPLETE', coeVersion: OLD });
}

const templateOf = (version: string, more: object = {}) => ({
  ...KUBERNETES_TEMPLATE,
  name: version,
  labels: { kube_tag: version },
  ...more,
});

const make = (version: string, more: object = {}) =>
  scenario.expectStatus('POST', '/clustertemplates', templateOf(version, more), 201);

const upgrade = (order: object, status = 202) =>
  scenario.expectStatus('POST', '/clusters/c/actions/upgrade', { max_batch_size: 1, ...order }, status);

const allNodes = () => scenario.world.db.read('check', (query) => nodes.list(query, {}));

async function tasks(): Promise<NodeTask[]> {
  const all = await scenario.world.db.read('check', (query) => nodeTasks.list(query, {}));
  return all.filter(({ name }) => name !== 'addon');
}

/** As `upgrade worker-0`, in the order of the orders. */
async function order(): Promise<string[]> {
  return (await tasks()).map(({ name, taskKey }) => `${name} ${shortName(taskKey)}`);
}

const shortName = (text: string) =>
  /(?:master|worker|pool)(?:-node)?-\d+$/.exec(text)?.[0].replace('-node', '') ?? text;

async function versions(): Promise<Record<string, string>> {
  const all = (await allNodes()).filter(({ state }) => state === 'wanted');
  return Object.fromEntries(all.map((node) => [shortName(node.name), node.orchestrator.version ?? '']));
}

async function groupVersions(): Promise<Record<string, unknown>> {
  const groups = await scenario.world.db.read('check', (query) => nodeGroups.list(query, {}));
  return Object.fromEntries(groups.map(({ name, labels }) => [name, labels.kube_tag]));
}

describe('an upgrade', () => {
  it('changes masters one by one, one worker first, then the others, on the same servers', async () => {
    await start({ master_count: 3, node_count: 3, master_lb_enabled: true });
    const servers = [...scenario.world.cloud.state.compute.servers.keys()];
    await make(NEW);

    await upgrade({ cluster_template: NEW, max_batch_size: 2 });
    const cluster = await scenario.settled();

    expect(cluster).toMatchObject({
      status: 'UPDATE_COMPLETE',
      statusReason: undefined,
      coeVersion: NEW,
      healthStatus: 'HEALTHY',
      labels: { kube_tag: NEW },
    });
    const names = ['master-0', 'master-1', 'master-2', 'worker-0', 'worker-1', 'worker-2'];
    expect(await versions()).toEqual(Object.fromEntries(names.map((name) => [name, NEW])));
    expect([...scenario.world.cloud.state.compute.servers.keys()]).toEqual(servers);
    expect(await order()).toEqual([
      `check-upgrade ${NEW}`,
      'upgrade master-0',
      'upgrade master-1',
      'upgrade master-2',
      'drain worker-0',
      'upgrade worker-0',
      'uncordon worker-0',
      'drain worker-1',
      'drain worker-2',
      'upgrade worker-1',
      'upgrade worker-2',
      'uncordon worker-1',
      'uncordon worker-2',
    ]);
    expect((await tasks()).filter(({ state }) => state !== 'succeeded')).toEqual([]);
    for (const { nodeData } of await allNodes()) expect(nodeData.settings).toMatchObject({ kubernetes_version: NEW });
  });

  it('gives nodes that come later the new version', async () => {
    await start({ node_count: 1 });
    await make(NEW);
    await upgrade({ cluster_template: NEW });
    await scenario.settled();

    await scenario.resize({ node_count: 2 });
    await scenario.settled();

    expect(await versions()).toEqual({ 'master-0': NEW, 'worker-0': NEW, 'worker-1': NEW });
  });

  it('that breaks the first master goes back there, and can be tried again', async () => {
    let isBroken = true;
    const words = 'fetching\nat kube-apiserver: unknown flag: --x';
    await start(
      { node_count: 1 },
      { failTask: (node, task) => (isBroken && task === 'upgrade' && node.includes('master') ? words : undefined) },
    );
    await make(NEW);
    await upgrade({ cluster_template: NEW });

    const failed = await scenario.settled();
    expect(failed).toMatchObject({ status: 'UPDATE_FAILED', coeVersion: OLD });
    expect(failed?.statusReason).toMatch(
      /^\[upgrade_failed\] node \S+master-0 did not get v1\.20\.3: at kube-apiserver: unknown flag: --x; it went back to what it had;/,
    );
    expect(await order()).toEqual([
      `check-upgrade ${NEW}`,
      'upgrade master-0',
      'upgrade-undo master-0',
    ]);
    expect(await groupVersions()).toEqual({ 'default-master': OLD, 'default-worker': OLD });

    isBroken = false;
    await upgrade({ cluster_template: NEW });
    expect(await scenario.settled()).toMatchObject({ status: 'UPDATE_COMPLETE', coeVersion: NEW });
    expect(await versions()).toEqual({ 'master-0': NEW, 'worker-0': NEW });
  });

  it('that breaks the canary stops there: it is undone, other workers are as they were, new ones too', async () => {
    const words = 'at kubelet: kubelet v1.20.3 did not come up in 120 s: exit status 1';
    await start(
      { node_count: 2 },
      { failTask: (node, task) => (task === 'upgrade' && node.includes('worker') ? words : undefined) },
    );
    await make(NEW);
    await upgrade({ cluster_template: NEW });

    const failed = await scenario.settled();
    expect(failed).toMatchObject({ status: 'UPDATE_FAILED', coeVersion: NEW });
    expect(failed?.statusReason).toMatch(
      /^\[upgrade_failed\] node \S+worker-0 did not get .* exit status 1; it went back/,
    );
    expect(await versions()).toEqual({ 'master-0': NEW, 'worker-0': OLD, 'worker-1': OLD });
    expect((await order()).slice(-4)).toEqual([
      'drain worker-0',
      'upgrade worker-0',
      'upgrade-undo worker-0',
      'uncordon worker-0',
    ]);

    await scenario.resize({ node_count: 3 });
    expect(await scenario.settled()).toMatchObject({ status: 'UPDATE_COMPLETE' });
    expect((await versions())['worker-2']).toBe(OLD);
    await scenario.delete();
    await scenario.until((cluster) => cluster === undefined);
    expect(scenario.leftovers()).toEqual({});
  });
});
