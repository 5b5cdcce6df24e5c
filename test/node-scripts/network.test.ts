import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ListenerFixture } from '../support/listener-fixture.js';
import { type EnrolledMaster, enrolMaster } from './enrolled-master.js';
import type { Machine } from './machine.js';

jest.setTimeout(180_000);

const MANIFEST = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "it\'s $(touch x)"}\n';

describe('the scripts of a network driver', () => {
  let master: EnrolledMaster;
  let fixture: ListenerFixture;
  let machine: Machine;

  beforeAll(async () => {
    master = await enrolMaster({ network_driver: 'flannel', ready_seconds: 0 });
    ({ fixture, machine } = master);
  });
  afterAll(() => master.stop());

  test('apply what the node listener has, by a certificate that does not stay, as often as asked', async () => {
    await fixture.addSecret('network-manifest', ['master'], []);
    await fixture.setSecret('network-manifest', MANIFEST);

    await machine.run('steps/network.sh');
    await machine.run('steps/network.sh');

    expect(machine.read('fake/kubectl/applied').trimEnd()).toBe(MANIFEST.trimEnd());
    expect(machine.read('fake/kubectl/as')).toMatch(/CN ?= ?bayou:addons/);
    expect(readdirSync(join(machine.root, 'var/lib/bayou')).filter((name) => name.startsWith('network'))).toEqual([]);
  });

  test('have what has no pods when the API has it', async () => {
    machine.write(
      'params.json',
      JSON.stringify({ name: 'nfs', manifest: MANIFEST, timeout_seconds: '30', has_pods: 'false' }),
    );

    expect(await machine.run('tasks/addon.sh', join(machine.root, 'params.json'))).toBe('nfs is there\n');
    expect(machine.read('fake/kubectl/applied').trimEnd()).toBe(MANIFEST.trimEnd());
  });

  test('say what pods wait for when a node does not become ready', async () => {
    const shared = machine.read('opt/bayou/kubernetes.sh');
    const node = {
      status: { conditions: [{ type: 'Ready', status: 'False', message: 'cni plugin not initialized' }] },
    };
    const waiting = { message: 'Back-off pulling image "ghcr.io/flannel-io/flannel:v0.27.0"' };
    const pods = { items: [{ status: { initContainerStatuses: [{ state: { waiting } }] } }, { status: {} }] };
    machine.write('fake/nodes', JSON.stringify(node));
    machine.write('fake/pods', JSON.stringify(pods));
    const api = 'api() { case $2 in */pods*) cat "$FAKE_NODE/pods" ;; *) cat "$FAKE_NODE/nodes" ;; esac; }';
    machine.write('opt/bayou/kubernetes.sh', `${shared}\n${api}\n`);

    const cause = await machine.run('steps/node-ready.sh').catch((error: { stdout: string }) => error.stdout);

    expect(cause.trim()).toBe(
      `Kubernetes says that the node is not ready: cni plugin not initialized; its pods wait: ${waiting.message}`,
    );
  });
});
