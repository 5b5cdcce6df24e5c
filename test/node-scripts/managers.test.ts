import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ListenerFixture, startListenerFixture } from '../support/listener-fixture.js';
import { addNode } from '../support/swarm-nodes.js';
import { until } from '../support/until.js';
import { MACHINE_PATIENCE, Machine, removeMachines } from './machine.js';

jest.setTimeout(180_000);

const MANAGERS = [5, 6, 7].map((last, index) => ({ name: `web-master-${index}`, address: `10.0.0.${last}` }));
const SETTINGS = { masters: MANAGERS, api_host: '', shared_address: '10.0.0.100', tls_disabled: true, api_port: 2375 };

/** One life, in the order of the tests: what one of them boots serves the next. */
describe('the scripts of several managers', () => {
  let folder: string;
  let fixture: ListenerFixture;
  let first: Machine;
  let second: Machine;
  const machines: Machine[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bayou-managers-'));
    mkdirSync(join(folder, 'swarm'));
    fixture = await startListenerFixture({ maxRequestsPerMinute: 10_000, heartbeatSeconds: 10 });
    await fixture.addSecret('swarm-manager-token', ['master'], ['master']);
    await fixture.addSecret('swarm-worker-token', ['*'], ['master']);
    first = await boot(0, 'swarm-init');
    second = await boot(1, 'swarm-join');
  });
  afterAll(async () => {
    await Promise.all(machines.map((machine) => machine.stop()));
    await fixture.stop();
    await removeMachines(folder);
  });

  /** Its heartbeats end when it is ready; Docker goes on. */
  async function boot(index: number, enters: 'swarm-init' | 'swarm-join'): Promise<Machine> {
    const { name = '', address = '' } = MANAGERS[index] ?? {};
    const steps = ['docker-configure', enters, 'load-balancer', 'node-ready'];
    const settings = { ...SETTINGS, api_host: address };
    const node = await addNode(fixture, name, 'master', { addresses: { private: address } }, { steps, settings });
    const machine = new Machine(folder, node);
    machines.push(machine);
    machine.start();
    await until(async () => (await fixture.node(node.row.uuid)).ready, MACHINE_PATIENCE);
    await machine.stop();
    return machine;
  }

  const areDown = (...addresses: string[]) => writeFileSync(join(folder, 'swarm/down'), `${addresses.join('\n')}\n`);

  it('join through whichever manager is there, and put HAProxy before all of them', async () => {
    areDown('10.0.0.5');

    const third = await boot(2, 'swarm-join');

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
    const before = first.read('fake/systemctl');

    await first.run('steps/load-balancer.sh');

    expect(before).toContain('restart haproxy.service');
    expect(first.read('fake/systemctl')).toBe(before);
  });

  it('tell HAProxy who the managers are now without an end to any connection', async () => {
    const before = first.read('fake/systemctl');
    first.write('params.json', JSON.stringify({ masters: '10.0.0.6,10.0.0.7,10.0.0.8' }));

    await first.run('tasks/load-balancer.sh', join(first.root, 'params.json'));
    await first.run('tasks/load-balancer.sh', join(first.root, 'params.json'));
    await first.run('steps/load-balancer.sh');

    expect(first.read('etc/haproxy/haproxy.cfg').match(/^ {2}server .*$/gm)).toEqual([
      '  server master0 10.0.0.6:2375',
      '  server master1 10.0.0.7:2375',
      '  server master2 10.0.0.8:2375',
    ]);
    expect(first.read('fake/systemctl')).toBe(`${before}enable haproxy.service\nreload-or-restart haproxy.service\n`);
  });

  it('tell HAProxy of them one task after the other', async () => {
    second.write('params.json', JSON.stringify({ masters: '10.0.0.6' }));
    const before = second.read('etc/haproxy/haproxy.cfg');
    const endTurn = await second.takeTurn();

    let ended = false;
    const told = second.run('tasks/load-balancer.sh', join(second.root, 'params.json')).finally(() => {
      ended = true;
    });
    await until(() => ended || second.read('fake/flock') !== '');

    expect(second.read('etc/haproxy/haproxy.cfg')).toBe(before);
    expect(second.read('var/lib/bayou/masters')).toBe('');
    await endTurn();
    expect(await told).toContain('HAProxy is before 10.0.0.6');
    expect(second.read('etc/haproxy/haproxy.cfg')).toContain('server master0 10.0.0.6:2375');
  });

  it('give keepalived a router id that there is, also on an address that ends with 0', async () => {
    const settings = { ...SETTINGS, shared_address: '10.0.1.0' };
    const addresses = { private: '10.0.0.5' };
    const node = await addNode(fixture, 'web-master-3', 'master', { addresses }, { settings });
    const machine = new Machine(folder, node);

    await machine.run('steps/load-balancer.sh');

    expect(machine.read('etc/keepalived/keepalived.conf')).toContain('virtual_router_id 255\n');
  });

  it('put no text into a configuration that is no address', async () => {
    const settings = { ...SETTINGS, shared_address: '10.0.0.100\nglobal' };
    const node = await addNode(fixture, 'web-master-4', 'master', {}, { steps: ['load-balancer'], settings });
    const machine = new Machine(folder, node);

    await expect(machine.run('steps/load-balancer.sh')).rejects.toThrow();

    expect(existsSync(join(machine.root, 'etc/haproxy'))).toBe(false);
  });

  it('say at once which of the others the Swarm has lost', async () => {
    areDown();
    const report = async () => JSON.parse(await first.run('health.sh'));
    const before = await report();

    areDown('10.0.0.6');

    expect(before).toMatchObject({ managers_reachable: '3/3', nodes_ready: '3/3' });
    expect(before.nodes_down).toBeUndefined();
    expect(await report()).toMatchObject({ managers_reachable: '2/3', nodes_ready: '2/3', nodes_down: 'web-master-1' });
  });

  it('take the vote of a manager that is drained', async () => {
    areDown();
    first.write('params.json', JSON.stringify({ node: 'web-master-1', timeout_seconds: '60' }));

    await first.run('tasks/drain.sh', join(first.root, 'params.json'));

    expect(first.read('fake/docker/changes')).toContain('node demote id-web-master-1');
  });
});
