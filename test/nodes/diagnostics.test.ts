import { events } from '../../common/db/events.js';
import { type Node, nodes } from '../../common/db/nodes.js';
import { newSshKey, sshPublicKey } from '../../common/ssh/ssh-key.js';
import type { Answer } from '../support/api-fixture.js';
import { makeCluster, makeTemplate } from '../support/orders.js';
import { readBundle } from '../support/read-bundle.js';
import { until } from '../support/until.js';
import { SUBNET_CIDR } from './bridge.js';
import { type NodeSite, openNodeSite } from './site.js';

const LIMIT_MS = 300_000;
const LOOK_MS = 500;
/** Without it Docker does not start. */
const SPOIL = 'mv /usr/sbin/dockerd /usr/sbin/dockerd.away';
const STEP = 'docker-configure';

jest.setTimeout(15 * 60_000);

describe('a Swarm whose create fails on its worker', () => {
  let site: NodeSite;
  let cluster: string;
  let worker: string;

  beforeAll(async () => {
    // Floating addresses lead nowhere here: a test says which node has one.
    site = await openNodeSite({ settings: { BAYOU_DIAGNOSTICS__SSH: 'floating' } });
    const template = await makeTemplate(site.client, {
      image_id: 'debian-12',
      floating_ip_enabled: false,
      labels: { fixed_subnet_cidr: SUBNET_CIDR },
    });
    cluster = await makeCluster(site.client, { cluster_template_id: template, master_count: 1, node_count: 1 });
    worker = await runningNode('worker');
    await site.nodes.run(worker, 'bash', '-c', SPOIL);
    const hasFailed = async () => (await get('')).body.status === 'CREATE_FAILED';
    await until(hasFailed, { limitMs: LIMIT_MS, everyMs: LOOK_MS, tell: () => site.nodes.journal(worker) });
  });
  afterAll(() => site?.close());

  const get = (path: string): Promise<Answer> => site.client.get(`/v1/clusters/${cluster}${path}`);

  async function runningNode(role: string): Promise<string> {
    const find = () => site.nodes.names().find((name) => name.includes(role)) ?? '';
    const runs = () =>
      site.nodes.run(find(), 'true').then(
        () => true,
        () => false,
      );
    await until(runs, { limitMs: LIMIT_MS, everyMs: 50 });
    return find();
  }

  async function row(role: string): Promise<Node> {
    const found = await nodes.find(site.db.knex, { clusterId: cluster, role });
    if (found === undefined) throw new Error(`No ${role}`);
    return found;
  }

  /** What the last diagnostic has found of the worker, and its files. */
  async function ended() {
    const last = async () => (await get('/diagnostics')).body.diagnostics.at(-1);
    const isOver = async () => ['ready', 'failed'].includes((await last())?.state);
    await until(isOver, { limitMs: LIMIT_MS, everyMs: LOOK_MS, tell: async () => JSON.stringify(await last()) });
    const shown = await last();
    const answer = await site.client.download(`/v1/clusters/${cluster}/diagnostics/${shown.uuid}/bundle`);
    const files = await readBundle(answer);
    console.log(
      JSON.stringify(shown),
      Object.entries(files).map(([name, text]) => `${name} ${text.length}`),
    );
    const finding = shown.findings.find(({ node }: { node: string }) => node === worker);
    return { finding, text: files[`nodes/${worker}.log`] ?? '', summary: JSON.parse(files['summary.json'] ?? '{}') };
  }

  async function diagnose() {
    const answer = await site.client.post(`/v1/clusters/${cluster}/actions/diagnose`, { nodes: [worker] });
    expect(answer.status).toBe(202);
    return ended();
  }

  /** The step's log and the node's own journal, with the reason. */
  function expectWhy(text: string): void {
    const section = (name: string) => text.split(`===== ${name} =====\n`)[1]?.split('\n===== ')[0];
    expect(section(`step ${STEP}`)).toContain('docker.service');
    expect(section('journal bayou-*')).toContain(`step ${STEP}: failed, again in`);
    expect(section('journal docker')).toContain('docker.service');
    expect(section('versions')).toContain('PRETTY_NAME="Debian GNU/Linux 12');
  }

  it('sends the journal by itself, while it tries its step again', async () => {
    const { finding, text, summary } = await ended();

    expect(finding).toMatchObject({ step: STEP, source: 'task', problems: [] });
    expect(summary.nodes[0]).toMatchObject({ name: worker, failed_step: STEP });
    expectWhy(text);
  });

  it('gives it over SSH through the master once it reports no more, and only with the host key that is known', async () => {
    await site.nodes.run(worker, 'systemctl', 'stop', 'bayou-node');
    const master = await row('master');
    const floating = { ...master.addresses, public: master.addresses.private ?? '' };
    await nodes.update(site.db.knex, { uuid: master.uuid }, { addresses: floating });

    const through = await diagnose();
    expect(through.finding).toMatchObject({ step: STEP, source: 'ssh' });
    expectWhy(through.text);

    const { uuid, addresses, sshHostKey } = await row('worker');
    await nodes.update(site.db.knex, { uuid }, { sshHostKey: sshPublicKey(newSshKey()) });
    const refused = await diagnose();
    await nodes.update(site.db.knex, { uuid }, { sshHostKey });
    // Machines in containers have no console that Nova could show.
    expect(refused.finding).toMatchObject({ source: null, problems: expect.arrayContaining(['console: it is empty']) });
    expect(refused.finding.problems.join()).toMatch(
      /ssh: \S+ shows another host key than the one that it enrolled with/,
    );
    const told = await events.list(site.db.knex, { kind: 'ssh_host_key_refused' });
    expect(told.map(({ details }) => details.address)).toEqual([addresses.private]);
  });

  it('opens nothing else to the key', async () => {
    const home = (await site.nodes.run(worker, 'getent', 'passwd', 'bayou-diagnostics')).split(':')[5];
    const authorized = await site.nodes.run(worker, 'cat', `${home}/.ssh/authorized_keys`);
    expect(authorized).toMatch(/^restrict,command="\/opt\/bayou\/diagnostics\.sh" ecdsa-sha2-nistp256 \S+\n$/);
    const asUser = (command: string) =>
      site.nodes.run(
        worker,
        'su',
        'bayou-diagnostics',
        '-c',
        `SSH_ORIGINAL_COMMAND='${command}' /opt/bayou/diagnostics.sh`,
      );
    await expect(asUser('cat /etc/shadow')).rejects.toThrow('collect, or reach ADDRESS');
    await expect(asUser('reach 172.16.0.1')).rejects.toThrow('no neighbour');
    await expect(
      site.nodes.run(worker, 'su', 'bayou-diagnostics', '-c', 'cat /var/lib/bayou/node.key'),
    ).rejects.toThrow();
  });
});
