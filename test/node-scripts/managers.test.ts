import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ListenerFixture, startListenerFixture } from '../support/listener-fixture.js';
import { addNode, type SwarmNode } from '../support/swarm-nodes.js';
import { until } from '../support/until.js';
import { Machine, removeMachines } from './machine.js';

jest.setTimeout(180_000);

const MANAGERS = [5, 6, 7].map((last, index) => ({ name: `web-master-${index}`, address: `10.0.0.${last}` }));
const SETTINGS = { masters: MANAGERS, api_host: '', shared_address: '10.0.0.100', tls_disabled: true, api_port: 2375 };

describe('the scripts of several managers', () => {
  let folder: string;
  let fixture: ListenerFixture;
  let machines: Machine[] = [];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bayou-managers-'));
    mkdirSync(join(folder, 'swarm'));
    fixture = await startListenerFixture({ maxRequestsPerMinute: 10_000, heartbeatSeconds: 10 });
    await fixture.addSecret('swarm-manager-token', ['master'], ['master']);
    await fixture.addSecret('swarm-worker-token', ['*'], ['master']);
    machines = [];
  });
  afterEach(async () => {
    await Promise.all(machines.map((machine) => machine.stop()));
    await fixture.stop();
    await removeMachines(folder);
  });

  function addManager(index: number, enters: 'swarm-init' | 'swarm-join'): Promise<SwarmNode> {
    const { name = '', address = '' } = MANAGERS[index] ?? {};
    const steps = ['docker-configure', enters, 'load-balancer', 'node-ready'];
    const settings = { ...SETTINGS, api_host: address };
    return addNode(fixture, name, 'master', { addresses: { private: address } }, { steps, settings });
  }

  async function boot(node: SwarmNode): Promise<Machine> {
    const machine = new Machine(folder, node);
    machines.push(machine);
    machine.start();
    await until(async () => (await fixture.node(node.row.uuid)).ready, { limitMs: 40_000 });
    return machine;
  }

  it('join through whichever manager is there, and put HAProxy before all of them', async () => {
    const first = await boot(await addManager(0, 'swarm-init'));
    const second = await boot(await addManager(1, 'swarm-join'));
    await first.stop();
    writeFileSync(join(folder, 'swarm/down'), '10.0.0.5\n');

    const third = await boot(await addManager(2, 'swarm-join'));

    expect(third.read('fake/docker/changes')).toBe(
      [
        'swarm join --advertise-addr 10.0.0.7 --token SWMTKN-1-manager 10.0.0.5:2377',
        'swarm join --advertise-addr 10.0.0.7 --token SWMTKN-1-manager 10.0.0.6:2377\n',
      ].join('\n'),
    );
    expect(JSON.parse(third.read('etc/docker/daemon.json')).hosts).toEqual([
      'unix:///var/run/docker.sock',
      'tcp://10.0.0.7:2375',
    ]);
    const haproxy = second.read('etc/haproxy/haproxy.cfg');
    expect(haproxy).toContain('bind 10.0.0.100:2375 transparent');
    expect(haproxy.match(/^ {2}server .*$/gm)).toEqual([
      '  server master0 10.0.0.5:2375',
      '  server master1 10.0.0.6:2375',
      '  server master2 10.0.0.7:2375',
    ]);
    const keepalived = second.read('etc/keepalived/keepalived.conf');
    expect(keepalived).toContain('interface ens3\n  virtual_router_id 100\n');
    expect(keepalived).toContain('10.0.0.100/32 dev ens3');
    expect(second.read('fake/systemctl')).toContain('restart keepalived.service');
  });

  it('restart no load balancer whose configuration is the same', async () => {
    const machine = await boot(await addManager(0, 'swarm-init'));
    const before = machine.read('fake/systemctl');

    await machine.run('steps/load-balancer.sh');

    expect(machine.read('fake/systemctl')).toBe(before);
  });

  it('tell HAProxy who the managers are now without an end to any connection', async () => {
    const machine = await boot(await addManager(0, 'swarm-init'));
    const before = machine.read('fake/systemctl');
    machine.write('params.json', JSON.stringify({ masters: '10.0.0.6,10.0.0.7,10.0.0.8' }));

    await machine.run('tasks/load-balancer.sh', join(machine.root, 'params.json'));
    await machine.run('tasks/load-balancer.sh', join(machine.root, 'params.json'));
    await machine.run('steps/load-balancer.sh');

    expect(machine.read('etc/haproxy/haproxy.cfg').match(/^ {2}server .*$/gm)).toEqual([
      '  server master0 10.0.0.6:2375',
      '  server master1 10.0.0.7:2375',
      '  server master2 10.0.0.8:2375',
    ]);
    expect(machine.read('fake/systemctl')).toBe(`${before}enable haproxy.service\nreload-or-restart haproxy.service\n`);
  });

  it('tell HAProxy of them one task after the other', async () => {
    const machine = await boot(await addManager(0, 'swarm-init'));
    machine.write('params.json', JSON.stringify({ masters: '10.0.0.6' }));
    const before = machine.read('etc/haproxy/haproxy.cfg');
    const endTurn = await machine.takeTurn();

    let ended = false;
    const told = machine.run('tasks/load-balancer.sh', join(machine.root, 'params.json')).finally(() => {
      ended = true;
    });
    await until(() => ended || machine.read('fake/flock') !== '');

    expect(machine.read('etc/haproxy/haproxy.cfg')).toBe(before);
    expect(machine.read('var/lib/bayou/masters')).toBe('');
    await endTurn();
    expect(await told).toContain('HAProxy is before 10.0.0.6');
    expect(machine.read('etc/haproxy/haproxy.cfg')).toContain('server master0 10.0.0.6:2375');
  });

  it('give keepalived a router id that there is, also on an address that ends with 0', async () => {
    const settings = { ...SETTINGS, shared_address: '10.0.1.0' };
    const addresses = { private: '10.0.0.5' };
    const node = await addNode(fixture, 'web-master-0', 'master', { addresses }, { settings });
    const machine = new Machine(folder, node);

    await machine.run('steps/load-balancer.sh');

    expect(machine.read('etc/keepalived/keepalived.conf')).toContain('virtual_router_id 255\n');
  });

  it('put no text into a configuration that is no address', async () => {
    const settings = { ...SETTINGS, shared_address: '10.0.0.100\nglobal' };
    const node = await addNode(fixture, 'web-master-0', 'master', {}, { steps: ['load-balancer'], settings });
    const machine = new Machine(folder, node);

    await expect(machine.run('steps/load-balancer.sh')).rejects.toThrow();

    expect(existsSync(join(machine.root, 'etc/haproxy'))).toBe(false);
  });

  it('say at once which of the others the Swarm has lost', async () => {
    const first = await boot(await addManager(0, 'swarm-init'));
    const lost = await boot(await addManager(1, 'swarm-join'));
    await lost.stop();
    const report = async () => JSON.parse(await first.run('health.sh'));
    const before = await report();

    writeFileSync(join(folder, 'swarm/down'), '10.0.0.6\n');

    expect(before).toMatchObject({ managers_reachable: '2/2', nodes_ready: '2/2' });
    expect(before.nodes_down).toBeUndefined();
    expect(await report()).toMatchObject({ managers_reachable: '1/2', nodes_ready: '1/2', nodes_down: 'web-master-1' });
  });

  it('take the vote of a manager that is drained', async () => {
    const machine = await boot(await addManager(0, 'swarm-init'));
    await boot(await addManager(1, 'swarm-join'));
    machine.write('params.json', JSON.stringify({ node: 'web-master-1', timeout_seconds: '60' }));

    await machine.run('tasks/drain.sh', join(machine.root, 'params.json'));

    expect(machine.read('fake/docker/changes')).toContain('node demote id-web-master-1');
  });
});
