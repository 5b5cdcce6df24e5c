import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeTasks } from '../../common/db/node-tasks.js';
import { nodes } from '../../common/db/nodes.js';
import { type ListenerFixture, startListenerFixture } from '../support/listener-fixture.js';
import { addNode, addSwarm, type SwarmNode } from '../support/swarm-nodes.js';
import { until } from '../support/until.js';
import { MACHINE_PATIENCE, Machine, removeMachines } from './machine.js';

jest.setTimeout(180_000);

const SSH_HOST_KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0w1mJ7Gv5C2n root@x\n';
const STEPS = ['docker-install', 'docker-certificates', 'docker-configure', 'swarm-init', 'node-ready'];

describe('the scripts of a Swarm node', () => {
  let folder: string;
  let fixture: ListenerFixture;
  let manager: SwarmNode;
  let worker: SwarmNode;
  let machine: Machine;
  let machines: Machine[] = [];

  async function start(): Promise<void> {
    folder = mkdtempSync(join(tmpdir(), 'bayou-nodes-'));
    fixture = await startListenerFixture({ maxRequestsPerMinute: 10_000, heartbeatSeconds: 10 });
    ({ manager, worker } = await addSwarm(fixture));
    machines = [];
    machine = add(manager);
  }

  async function stop(): Promise<void> {
    await Promise.all(machines.map((each) => each.stop()));
    await fixture.stop();
    await removeMachines(folder);
  }

  function add(node: SwarmNode): Machine {
    const added = new Machine(folder, node);
    machines.push(added);
    return added;
  }

  const row = ({ row: { uuid } }: SwarmNode) => fixture.node(uuid);
  const ready = async (node: SwarmNode) => (await row(node)).ready;
  const statuses = async (node: SwarmNode) => (await row(node)).steps.map(({ name, status }) => `${name} ${status}`);
  const comesTrue = (condition: () => boolean | Promise<boolean>) => until(condition, MACHINE_PATIENCE);

  async function runTask(node: SwarmNode, name: string, params: Record<string, string>) {
    const uuid = fixture.ids.uuid();
    const { clusterId } = node.row;
    const task = { uuid, clusterId, nodeId: node.row.uuid, taskKey: uuid, name, params, output: '', createdAt: 0 };
    await nodeTasks.insert(fixture.knex, { ...task, state: 'queued' });
    const find = () => nodeTasks.find(fixture.knex, { uuid });
    await comesTrue(async () => (await find())?.state !== 'queued');
    return await find();
  }

  /** In the order of the tests. */
  describe('in one life', () => {
    let other: Machine;
    beforeAll(async () => {
      await start();
      mkdirSync(join(machine.root, 'etc/ssh'), { recursive: true });
      machine.write('etc/ssh/ssh_host_ed25519_key.pub', SSH_HOST_KEY);
      other = add(worker);
      other.start();
      machine.start();
      await comesTrue(async () => (await ready(manager)) && (await ready(worker)));
    });
    afterAll(stop);

    test('bring up a manager and a worker, and do tasks', async () => {
      expect(await statuses(manager)).toEqual(STEPS.map((step) => `${step} done`));
      expect(await statuses(worker)).toContain('swarm-join done');
      expect((await row(worker)).addresses).toEqual({ private: '10.0.0.9' });
      await other.stop();
      await comesTrue(async () => (await row(manager)).orchestrator.nodes_ready === '2/2');
      expect((await row(manager)).orchestrator).toMatchObject({
        state: 'active',
        role: 'manager',
        version: '20.10.24',
        managers_reachable: '1/1',
      });
      expect(machine.read('fake/docker/changes')).toContain(
        '--advertise-addr 10.0.0.5 --default-addr-pool 10.192.0.0/10',
      );

      const tasks = join(folder, 'swarm/members/id-web-worker-0/tasks');
      writeFileSync(tasks, 'Running 5 minutes ago web.1\nRunning 5 minutes ago web.2\n');
      const drained = await runTask(manager, 'drain', { node: 'web-worker-0', timeout_seconds: '600' });
      expect(drained).toMatchObject({ state: 'succeeded', output: 'web-worker-0 is drained' });
      const removed = await runTask(manager, 'remove-node', { node: 'web-worker-0' });
      expect(removed).toMatchObject({ state: 'succeeded', output: 'web-worker-0 is no member any more' });
      expect(existsSync(join(folder, 'swarm/members/id-web-worker-0'))).toBe(false);
      const unknown = await runTask(manager, 'no-such-task', {});
      expect(unknown?.state).toBe('failed');
    });

    test('write a configuration that holds every value as it is, and a certificate that Docker can use', async () => {
      expect(JSON.parse(machine.read('etc/docker/daemon.json'))).toEqual({
        hosts: ['unix:///var/run/docker.sock', 'tcp://0.0.0.0:2376'],
        tlsverify: true,
        tlscacert: '/etc/docker/ca.pem',
        tlscert: '/etc/docker/server.pem',
        tlskey: '/etc/docker/server-key.pem',
        'insecure-registries': ['registry.example:5000'],
      });
      expect(machine.read('etc/docker/bayou.env')).toBe(
        'HTTPS_PROXY="http://proxy.example:3128/\\$(touch hacked)\\"\\\\\\`x\\`"\n',
      );
      const inDocker = { cwd: join(machine.root, 'etc/docker'), encoding: 'utf8' as const };
      expect(execFileSync('openssl', ['verify', '-CAfile', 'ca.pem', 'server.pem'], inDocker)).toContain('OK');
      const text = execFileSync('openssl', ['x509', '-noout', '-text', '-in', 'server.pem'], inDocker);
      expect(text).toContain('CN = web-master-0');
      expect(text).toContain('IP Address:127.0.0.1');
    });

    test('look a day later, and then each week, whether what Docker shows is still good', async () => {
      const renew = machine.read('opt/bayou/renew.sh');
      machine.write('opt/bayou/renew.sh', '#!/bin/bash\necho looked >>"$FAKE_NODE/renewals"\n');
      const looks = () => machine.read('fake/renewals').match(/looked/g)?.length ?? 0;
      expect(looks()).toBe(0);
      const daySeconds = 86_400;

      for (const [days, expected] of [
        [1, 1],
        [8, 2],
      ] as const) {
        machine.write('fake/ahead', String(days * daySeconds + 60));
        await comesTrue(() => looks() >= expected);
        expect(looks()).toBe(expected);
      }
      machine.write('opt/bayou/renew.sh', renew);
      machine.write('fake/ahead', '');
    });

    test('say so when Docker is gone, before the next heartbeat is due', async () => {
      rmSync(join(machine.root, 'fake/docker/running'));
      await comesTrue(async () => !(await ready(manager)));

      expect((await row(manager)).orchestrator).toMatchObject({ state: 'unreachable' });
      machine.write('fake/docker/running', '');
    });

    test('change nothing when they run again', async () => {
      await machine.stop();
      const files = ['etc/docker/daemon.json', 'etc/docker/server.pem', 'fake/systemctl', 'fake/docker/changes'];
      const before = files.map((file) => machine.read(file));

      for (const step of STEPS) {
        await machine.run(`steps/${step}.sh`);
      }

      expect(files.map((file) => machine.read(file))).toEqual(before);
      await nodes.update(fixture.knex, { uuid: manager.row.uuid }, { ready: false });
      machine.start();
      await comesTrue(() => ready(manager));
      expect(machine.output.split('step ')).toHaveLength(STEPS.length + 1);
      // Its own, at its first start, and the worker's.
      expect(await fixture.events('node_enrolled')).toHaveLength(2);
    });

    test('make what Docker shows anew when it is not good any more, and only then', async () => {
      await machine.stop();
      const restarts = () => machine.read('fake/systemctl').match(/restart docker/g)?.length ?? 0;
      const before = machine.read('etc/docker/server.pem');
      const started = restarts();

      await machine.run('renew.sh');
      expect([machine.read('etc/docker/server.pem'), restarts()]).toEqual([before, started]);
      machine.write('etc/docker/server.pem', '');
      await machine.run('renew.sh');

      expect(machine.read('etc/docker/server.pem')).toContain('BEGIN CERTIFICATE');
      expect(restarts()).toBe(started + 1);
    });

    test('hold no secret that others could read', async () => {
      const found = execFileSync('find', [join(machine.root, 'var/lib/bayou'), '-perm', '/077', '-type', 'f']);
      expect(String(found)).toBe('');
      expect((await row(manager)).sshHostKey).toContain(SSH_HOST_KEY.split(' ', 2).join(' '));
    });
  });

  describe('in a life of its own', () => {
    beforeEach(start);
    afterEach(stop);

    test('report a step that fails with the end of its log, and go on when the cause is gone', async () => {
      machine.write('fake/docker-is-broken', '');
      machine.start();

      await comesTrue(async () => (await row(manager)).fault !== undefined);

      const failed = (await row(manager)).steps.find(({ name }) => name === 'docker-configure');
      expect(failed?.logTail).toContain('Job for docker.service failed');
      expect(failed?.logTail).not.toContain('hunter2');
      rmSync(join(machine.root, 'fake/docker-is-broken'));
      await comesTrue(() => ready(manager));
      expect((await row(manager)).fault).toBeUndefined();
      expect(machine.read('fake/systemctl')).toContain('restart docker.service');
    });

    test('tell what a step waits for as that, and go on when it is there', async () => {
      const node = await addNode(fixture, 'web-worker-1', 'worker', {}, { steps: ['docker-install'] });
      const waiting = add(node);
      waiting.write(
        'opt/bayou/steps/docker-install.sh',
        '#!/bin/bash\necho "no answer yet"\n[ -e "$FAKE_NODE/answer" ] || exit 75\n',
      );
      waiting.start();

      await comesTrue(async () => (await row(node)).fault !== undefined);

      expect((await row(node)).steps).toMatchObject([{ name: 'docker-install', status: 'waiting' }]);
      expect((await row(node)).fault?.message).toMatch(/^Step docker-install of node \S+ waits: no answer yet$/);
      waiting.write('fake/answer', '');
      await comesTrue(async () => (await row(node)).steps[0]?.status === 'done');
      expect((await row(node)).fault).toBeUndefined();
    });

    test('end for good when Bayou does not want the node', async () => {
      await nodes.update(fixture.knex, { uuid: manager.row.uuid }, { state: 'leaving' });
      machine.start();

      expect(await machine.ended()).toBe(78);
      expect(machine.output).toContain('does not exist any more');
    });
  });
});
