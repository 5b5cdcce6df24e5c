import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ListenerFixture, startListenerFixture } from '../support/listener-fixture.js';
import { addNode } from '../support/swarm-nodes.js';
import { Machine, removeMachines } from './machine.js';

jest.setTimeout(60_000);

const PROFILE = {
  ca: 'nodes',
  commonName: 'bayou:addons',
  usages: ['client' as const],
  names: [],
  lifetimeMinutes: 60,
};
const MANIFEST = 'apiVersion: v1\nkind: Namespace\nmetadata: {name: "it\'s $(touch x)"}\n# \\n %s é';

describe("a master's task for an add-on", () => {
  let folder: string;
  let fixture: ListenerFixture;
  let machine: Machine;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bayou-addons-'));
    fixture = await startListenerFixture({ maxRequestsPerMinute: 10_000 });
    await fixture.addAuthority('nodes');
    const row = { addresses: { private: '10.0.0.5' }, certificateProfiles: { addons: PROFILE } };
    const settings = { api_host: '10.0.0.5', api_port: 6443 };
    machine = new Machine(
      folder,
      await addNode(fixture, 'web-master-0', 'master', row, { driver: 'kubernetes', settings }),
    );
    mkdirSync(join(machine.root, 'fake/kubectl'));
    await machine.run('enrol.sh');
  });
  afterEach(async () => {
    await fixture.stop();
    await removeMachines(folder);
  });

  /** What it printed, whatever came of it. */
  async function bring(params: Record<string, string>): Promise<{ failed: boolean; output: string }> {
    const file = join(folder, 'params.json');
    writeFileSync(file, JSON.stringify({ name: 'coredns', manifest: MANIFEST, timeout_seconds: '30', ...params }));
    try {
      return { failed: false, output: await machine.run('tasks/addon.sh', file) };
    } catch (error) {
      return { failed: true, output: (error as { stdout: string }).stdout };
    }
  }

  test('applies the manifest as it is, by a certificate of its own that does not stay', async () => {
    machine.write('fake/kubectl/deployments', '2=2 True\n');

    expect(await bring({})).toEqual({ failed: false, output: 'coredns is available\n' });
    expect(machine.read('fake/kubectl/applied').trimEnd()).toBe(MANIFEST);
    expect(machine.read('fake/kubectl/as')).toMatch(/CN ?= ?bayou:addons/);
    expect(readdirSync(join(machine.root, 'var/lib/bayou')).filter((name) => name.startsWith('addon'))).toEqual([]);
    expect(await fixture.events('certificate_issued')).toHaveLength(1);
    await bring({});
    expect(await fixture.events('certificate_issued')).toHaveLength(2);
  });

  test('applies what is in the way of others only when the rest is available', async () => {
    const manifest = `${MANIFEST}\n  labels: {magnum.openstack.org/when: available}`;
    machine.write('fake/kubectl/deployments', '1=1 False\n');
    machine.write('fake/kubectl/pods', 'CrashLoopBackOff\n');
    expect(await bring({ manifest, timeout_seconds: '0' })).toMatchObject({ failed: true });
    expect(machine.read('fake/kubectl/selectors')).toBe('magnum.openstack.org/when!=available\n');

    machine.write('fake/kubectl/deployments', '1=1 True\n');
    expect(await bring({ manifest })).toMatchObject({ failed: false });
    expect(machine.read('fake/kubectl/selectors')).toMatch(/available\nmagnum\.openstack\.org\/when=available\n$/);
  });

  test('fails with the cause as soon as no image can be had', async () => {
    machine.write('fake/kubectl/deployments', '1=1 False\n');
    const words = 'rpc error: code = Unknown desc = failed to pull and unpack image';
    const long = `ErrImagePull ${words} "x:1": failed to resolve reference "x:1": dial tcp: lookup registry.k8s.io: no such host`;
    const cause = 'ErrImagePull "x:1": dial tcp: lookup registry.k8s.io: no such host';
    machine.write('fake/kubectl/pods', `ContainerCreating\n${long}\nImagePullBackOff Back-off pulling image\n`);

    expect(await bring({ timeout_seconds: '999' })).toEqual({
      failed: true,
      output: `it is not available: ${cause}\n`,
    });
  });

  test('waits for what the API has not seen yet, and fails with what its pods say at the end of its time', async () => {
    machine.write('fake/kubectl/deployments', '2=1 True\n');
    machine.write('fake/kubectl/pods', 'Unschedulable 0/1 nodes are available\n');

    expect(await bring({ timeout_seconds: '0' })).toEqual({
      failed: true,
      output: 'it is not available: Unschedulable 0/1 nodes are available\n',
    });
  });

  test('takes no name that means something to a shell or an API', async () => {
    expect(await bring({ name: 'x,y $(touch hacked)' })).toMatchObject({ failed: true });
    expect(machine.read('fake/kubectl/applied')).toBe('');
  });
});
