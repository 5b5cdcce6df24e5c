import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodes } from '../../common/db/nodes.js';
import { reenrolments } from '../../common/db/reenrolments.js';
import { INVITATION_KEY_USE, invitationOf } from '../../common/invitation.js';
import { HOUR_MS, type ListenerFixture, startListenerFixture } from '../support/listener-fixture.js';
import { addNode, addSwarm, type SwarmNode } from '../support/swarm-nodes.js';
import { until } from '../support/until.js';
import { Machine, removeMachines } from './machine.js';

jest.setTimeout(360_000);

/** Far more than they need: on a machine with much else to do each of their programs takes its time. */
const PATIENCE = { limitMs: 160_000 };

describe('the scripts of a machine whose ticket is not good any more', () => {
  let folder: string;
  let fixture: ListenerFixture;
  let machines: Machine[] = [];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bayou-again-'));
    mkdirSync(join(folder, 'swarm'));
    fixture = await startListenerFixture({ maxRequestsPerMinute: 10_000, heartbeatSeconds: 10, certificateDays: 1 });
    machines = [];
  });
  afterEach(async () => {
    await Promise.all(machines.map((machine) => machine.stop()));
    await fixture.stop();
    await removeMachines(folder);
  });

  const row = ({ row: { uuid } }: SwarmNode) => fixture.node(uuid);

  function boot(node: SwarmNode): Machine {
    const machine = new Machine(folder, node);
    machines.push(machine);
    machine.start();
    return machine;
  }

  async function bootUntilReady(node: SwarmNode): Promise<Machine> {
    const machine = boot(node);
    await until(async () => (await row(node)).ready, PATIENCE);
    return machine;
  }

  /** The disk is as the image has it; cloud-init unpacks the same user data. */
  async function rebuild(machine: Machine, node: SwarmNode): Promise<Machine> {
    await machine.stop();
    rmSync(machine.root, { recursive: true });
    return boot(node);
  }

  async function asked(node: SwarmNode) {
    return reenrolments.find(fixture.knex, { nodeId: node.row.uuid });
  }

  /** What a conductor does once Nova has shown that the server was rebuilt. */
  async function invite(machine: Machine, { row: { uuid: nodeId } }: SwarmNode): Promise<void> {
    const { nodeData } = await fixture.node(nodeId);
    await nodes.update(fixture.knex, { uuid: nodeId }, { nodeData: { ...nodeData, rebuilt: true } });
    const allowedAt = fixture.clock.now();
    await reenrolments.update(fixture.knex, { nodeId }, { state: 'invited', allowedAt });
    const key = fixture.sealer.derive(INVITATION_KEY_USE);
    const meta = { bayou_cluster: 'x', bayou_invitation: invitationOf(key, { nodeId, allowedAt }) };
    mkdirSync(join(machine.root, 'fake/openstack/latest'), { recursive: true });
    machine.write('fake/openstack/latest/meta_data.json', JSON.stringify({ uuid: nodeId, meta }));
  }

  test('find the invitation in the metadata of a rebuilt server, and do the steps anew', async () => {
    const { manager, worker } = await addSwarm(fixture);
    await bootUntilReady(manager);
    const first = await bootUntilReady(worker);
    const before = await row(worker);

    const second = await rebuild(first, worker);
    await until(async () => (await asked(worker)) !== undefined, PATIENCE);
    await invite(second, worker);
    await until(async () => (await row(worker)).enrolledKey !== before.enrolledKey, PATIENCE);
    await until(async () => (await row(worker)).ready, PATIENCE);

    expect((await row(worker)).steps.map(({ name }) => name)).toEqual(before.steps.map(({ name }) => name));
    expect(JSON.parse(second.read('etc/bayou/node.json'))).toMatchObject({ rebuilt: true });
    expect(second.read('fake/docker/changes')).toContain('swarm join');
    expect(readdirSync(join(second.root, 'var/lib/bayou'))).not.toContain('metadata');
  });

  test('as a first manager join the others, and forget the member that it was', async () => {
    await fixture.addSecret('swarm-manager-token', ['master'], ['master']);
    await fixture.addSecret('swarm-worker-token', ['*'], ['master']);
    const masters = [5, 6, 7].map((last, index) => ({ name: `web-master-${index}`, address: `10.0.0.${last}` }));
    const settings = { masters, tls_disabled: true, api_port: 2375 };
    const [manager, other] = await Promise.all(
      ['swarm-init', 'swarm-join'].map((enters, index) => {
        const { name = '', address = '' } = masters[index] ?? {};
        const steps = ['docker-configure', enters, 'node-ready'];
        return addNode(fixture, name, 'master', { addresses: { private: address } }, { steps, settings });
      }),
    );
    if (manager === undefined || other === undefined) throw new Error('no managers');
    const first = await bootUntilReady(manager);
    await bootUntilReady(other);

    const second = await rebuild(first, manager);
    writeFileSync(join(folder, 'swarm/down'), '10.0.0.5\n');
    await until(async () => (await asked(manager)) !== undefined, PATIENCE);
    await invite(second, manager);
    await until(async () => (await asked(manager))?.state === 'done', PATIENCE);
    await until(async () => (await row(manager)).ready, PATIENCE);

    expect(second.read('fake/docker/changes').split('\n')).toEqual([
      expect.stringMatching(/^swarm join .* 10\.0\.0\.6:2377$/),
      'node demote id-web-master-0',
      'node rm --force id-web-master-0',
      '',
    ]);
    expect(readdirSync(join(folder, 'swarm/members')).sort()).toEqual(['id-web-master-0-again', 'id-web-master-1']);
  });

  test('go on with the key that is there when a conductor lets it, and do no step again', async () => {
    const { manager } = await addSwarm(fixture);
    const machine = await bootUntilReady(manager);
    await machine.stop();
    const before = await row(manager);
    machine.write('var/lib/bayou/node.crt', '');
    await fixture.clock.advance(25 * HOUR_MS);

    machine.output = '';
    machine.start();
    await until(async () => (await asked(manager)) !== undefined, PATIENCE);
    await reenrolments.update(fixture.knex, {}, { state: 'key', allowedAt: fixture.clock.now() });
    await until(async () => machine.output.includes('enrolled\n'), PATIENCE);

    expect(await row(manager)).toMatchObject({ enrolledKey: before.enrolledKey, steps: before.steps });
    expect(machine.output).not.toContain('step ');
    expect(machine.output).toContain('The enrolment ticket has expired, again in');
  });

  test('give up after a day', async () => {
    const { manager, worker } = await addSwarm(fixture);
    await bootUntilReady(manager);
    const first = await bootUntilReady(worker);

    const second = await rebuild(first, worker);
    await until(async () => second.output.includes('was used with another key'), PATIENCE);
    second.write('fake/ahead', '90000');

    expect(await second.ended()).toBe(78);
    expect(second.output).toContain('nobody has let it in');
  });
});
