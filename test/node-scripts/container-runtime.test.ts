import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ListenerFixture, startListenerFixture } from '../support/listener-fixture.js';
import { addNode } from '../support/swarm-nodes.js';
import { Machine, removeMachines } from './machine.js';

const STEP = 'steps/container-runtime.sh';
const CONFIG = 'etc/containerd/config.toml';
const HOSTS = 'etc/containerd/certs.d/registry.example:5000/hosts.toml';

jest.setTimeout(120_000);

describe('containerd of a Kubernetes node', () => {
  let folder: string;
  let fixture: ListenerFixture;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bayou-containerd-'));
    fixture = await startListenerFixture();
  });
  afterEach(async () => {
    await fixture.stop();
    await removeMachines(folder);
  });

  async function machineWith(settings: Record<string, unknown>): Promise<Machine> {
    const own = { cgroup_driver: 'systemd', pause_image: 'registry.k8s.io/pause:3.2', https_proxy: '', ...settings };
    const node = await addNode(fixture, 'web-worker-0', 'worker', {}, { driver: 'kubernetes', settings: own });
    const machine = new Machine(folder, node);
    for (const made of ['proc/sys/net/ipv4', 'opt/cni/bin']) mkdirSync(join(machine.root, made), { recursive: true });
    machine.write('proc/sys/net/ipv4/ip_forward', '1\n');
    return machine;
  }

  it('takes images of the registry that its template calls insecure by any certificate, and without one', async () => {
    const machine = await machineWith({ insecure_registry: 'registry.example:5000' });

    await machine.run(STEP);

    expect(machine.read(CONFIG)).toContain('config_path = "/etc/containerd/certs.d"');
    expect(machine.read(HOSTS).split('\n')).toEqual([
      '[host."https://registry.example:5000"]',
      '  capabilities = ["pull", "resolve"]',
      '  skip_verify = true',
      '[host."http://registry.example:5000"]',
      '  capabilities = ["pull", "resolve"]',
      '',
    ]);
    const before = machine.read('fake/systemctl');
    await machine.run(STEP);
    expect(machine.read('fake/systemctl').slice(before.length)).not.toContain('restart');
  });

  it('trusts no registry more than others without a word of its template', async () => {
    const machine = await machineWith({ insecure_registry: '' });

    await machine.run(STEP);

    expect(machine.read(CONFIG)).not.toContain('config_path');
    expect(machine.read(HOSTS)).toBe('');
  });
});
