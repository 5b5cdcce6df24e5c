import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { ListenerFixture } from '../support/listener-fixture.js';
import { type EnrolledMaster, enrolMaster } from './enrolled-master.js';
import type { Machine } from './machine.js';

jest.setTimeout(180_000);

const MANIFEST = 'apiVersion: v1\nkind: Namespace\nmetadata: {name: "it\'s $(touch x)"}\n# \\n %s é';

describe("a master's task for an add-on", () => {
  let master: EnrolledMaster;
  let folder: string;
  let fixture: ListenerFixture;
  let machine: Machine;

  beforeAll(async () => {
    master = await enrolMaster({ cloud: { floating_network: '3f8a' } });
    ({ folder, fixture, machine } = master);
    await fixture.addSecret('cloud-credential', ['master'], []);
  });
  /** What the cluster knows. */
  beforeEach(() => {
    rmSync(join(machine.root, 'fake/kubectl'), { recursive: true });
    mkdirSync(join(machine.root, 'fake/kubectl'));
  });
  afterAll(() => master.stop());

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
    const issued = async () => (await fixture.events('certificate_issued')).length;
    const before = await issued();

    expect(await bring({})).toEqual({ failed: false, output: 'coredns is available\n' });
    expect(machine.read('fake/kubectl/applied').trimEnd()).toBe(MANIFEST);
    expect(machine.read('fake/kubectl/as')).toMatch(/CN ?= ?bayou:addons/);
    expect(readdirSync(join(machine.root, 'var/lib/bayou')).filter((name) => name.startsWith('addon'))).toEqual([]);
    expect(await issued()).toBe(before + 1);
    await bring({});
    expect(await issued()).toBe(before + 2);
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

  describe('of one that uses the cloud', () => {
    const CREDENTIAL = { id: 'c0ffee', secret: 'x-Y_z', auth_url: 'https://keystone.example/identity', region: 'R1' };

    async function given(credential: object): Promise<void> {
      await fixture.setSecret('cloud-credential', JSON.stringify({ generation: 1, ...credential }));
      machine.write('fake/kubectl/deployments', '1=1 True\n');
    }

    /** What is in the Secret, decoded. */
    function secret(): Record<string, string> {
      const { kind, metadata, data } = parse(machine.read('fake/kubectl/applied-cloud-config.yaml'));
      expect({ kind, metadata }).toEqual({
        kind: 'Secret',
        metadata: { name: 'cloud-config', namespace: 'kube-system' },
      });
      return Object.fromEntries(
        Object.entries(data as Record<string, string>).map(([name, value]) => [
          name,
          Buffer.from(value, 'base64').toString('utf8'),
        ]),
      );
    }

    test('puts the credential into a Secret of kube-system, and leaves it nowhere on the disk', async () => {
      await given({ ...CREDENTIAL, ca: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----' });

      expect(await bring({ uses_cloud: 'true' })).toMatchObject({ failed: false });

      expect(secret()).toEqual({
        'cloud.conf': [
          '[Global]',
          'auth-url="https://keystone.example/identity"',
          'application-credential-id="c0ffee"',
          'application-credential-secret="x-Y_z"',
          'region="R1"',
          'ca-file="/etc/config/ca.crt"',
          '[LoadBalancer]',
          'floating-network-id="3f8a"',
          '',
        ].join('\n'),
        'ca.crt': '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
      });
      expect(
        spawnSync('grep', ['-rl', 'x-Y_z', join(machine.root, 'var'), join(machine.root, 'etc')]).stdout.toString(),
      ).toBe('');
    });

    test('takes no credential that says more than itself', async () => {
      await given({ ...CREDENTIAL, auth_url: 'https://x"\n[Global]' });

      expect(await bring({ uses_cloud: 'true' })).toMatchObject({ failed: true });
      expect(machine.read('fake/kubectl/applied')).toBe('');
    });

    test('starts those that use it again with a new one', async () => {
      await given(CREDENTIAL);
      machine.write('fake/kubectl/deployments', 'openstack-cloud-controller-manager\ncsi-cinder-controller\n');
      const file = join(folder, 'params.json');
      writeFileSync(file, JSON.stringify({ addons: 'cloud-controller,cinder-csi', timeout_seconds: '30' }));

      expect(await machine.run('tasks/cloud-credential.sh', file)).toContain('log in with the newest credential');

      expect(secret()['cloud.conf']).toContain('application-credential-id="c0ffee"');
      expect(secret()['ca.crt']).toBe('');
      expect(machine.read('fake/kubectl/rollouts').trim().split('\n')).toEqual([
        'rollout restart deployment/openstack-cloud-controller-manager',
        'rollout restart deployment/csi-cinder-controller',
        'rollout status deployment/openstack-cloud-controller-manager',
        'rollout status deployment/csi-cinder-controller',
      ]);
    });
  });

  test('takes no name that means something to a shell or an API', async () => {
    expect(await bring({ name: 'x,y $(touch hacked)' })).toMatchObject({ failed: true });
    expect(machine.read('fake/kubectl/applied')).toBe('');
  });
});
