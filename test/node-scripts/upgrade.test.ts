import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ListenerFixture, startListenerFixture } from '../support/listener-fixture.js';
import { addNode } from '../support/swarm-nodes.js';
import { Machine } from './machine.js';

jest.setTimeout(180_000);

const FILES = ['kubectl', 'kubelet', 'kube-apiserver', 'kube-scheduler'];
/** A newer one stays: an older one does not start over its data. */
const ETCD = 'etcd';
const STEPS = ['container-runtime', 'etcd', 'control-plane', 'kubelet', 'node-ready'];
const [OLD, NEW] = ['v1.20.2', 'v1.20.3'];
const content = (name: string, version: string) => `#!/bin/bash\n# ${name} ${version}\n`;
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const place = (name: string) => `opt/bayou/kubernetes/bin/${name}`;

/** Notes which services it would start anew, with which kubelet; the real steps are tried on real machines. */
const played = (step: string) => `#!/bin/bash
set -euo pipefail
export LC_ALL=C
source "$BAYOU_ROOT/opt/bayou/kubernetes.sh"
cd "$BAYOU_STATE"
shopt -s nullglob
marks=(*-restart)
echo "${step} $(node_value settings kubernetes_version): \${marks[*]}" >>"$FAKE_NODE/steps"
case ${step} in
  etcd) rm -f etcd-restart ;;
  control-plane) rm -f kube-apiserver-restart kube-scheduler-restart ;;
  kubelet) rm -f kubelet-restart ;;
esac
if [ -e "$FAKE_NODE/broken-${step}" ]; then cat "$FAKE_NODE/broken-${step}"; exit 1; fi
`;

const METRICS = [
  'group="extensions",removed_release="1.22",resource="ingresses",subresource="",version="v1beta1"} 1',
  'group="batch",removed_release="1.25",resource="cronjobs",subresource="status",version="v1beta1"} 1',
  'group="networking.k8s.io",removed_release="1.22",resource="ingresses",subresource="",version="v1beta1"} 1',
].map((line) => `apiserver_requested_deprecated_apis{${line}`);

/** One master, in the order of the tests: each ends where it began, but for etcd. */
describe('the upgrade of a master, by its script', () => {
  let folder: string;
  let fixture: ListenerFixture;
  let mirror: Server;
  let wrong: string | undefined;
  let machine: Machine;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bayou-upgrade-'));
    fixture = await startListenerFixture();
    mirror = createServer(({ url = '' }, response) => {
      const [version = '', name = ''] = url.split('/').slice(-2);
      response.writeHead(200).end(name === wrong ? 'something else' : content(name, version));
    });
    await new Promise<void>((listening) => mirror.listen(0, '127.0.0.1', listening));
    const more = { driver: 'kubernetes', settings: settingsOf(OLD) };
    machine = new Machine(folder, await addNode(fixture, 'web-master-0', 'master', {}, more));
    for (const step of STEPS) machine.write(`opt/bayou/steps/${step}.sh`, played(step));
    const shared = machine.read('opt/bayou/kubernetes.sh');
    const api = `api() { echo '{"status": {"nodeInfo": {"kubeletVersion": "'"$(cat "$FAKE_NODE/version")"'"}}}'; }`;
    machine.write('opt/bayou/kubernetes.sh', `${shared}\n${api}\n`);
    machine.write('params.json', JSON.stringify({ node_json: nodeJson(NEW), version: NEW }));
    await machine.run('steps/software.sh').catch(() => 'the packages of this machine are none of its business');
    rmSync(join(machine.root, 'var/lib/bayou'), { recursive: true });
  });
  beforeEach(() => {
    wrong = undefined;
    machine.write('fake/version', OLD);
    machine.write('fake/steps', '');
  });
  afterAll(async () => {
    mirror.closeAllConnections();
    await new Promise((closed) => mirror.close(closed));
    await fixture.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  function settingsOf(version: string): Record<string, unknown> {
    const files = [ETCD, ...FILES].map((name) => ({
      ...{ name, path: `${version}/${name}`, to: `/${place(name)}` },
      sha256: sha256(content(name, version)),
    }));
    const url = `http://127.0.0.1:${(mirror.address() as AddressInfo).port}`;
    return { kubernetes_version: version, mirror: url, files, images: [], https_proxy: '' };
  }

  function nodeJson(version: string): string {
    const data = JSON.parse(machine.read('etc/bayou/node.json'));
    return JSON.stringify({ ...data, settings: { ...data.settings, ...settingsOf(version) } });
  }

  const task = (name: string) => machine.run(`tasks/${name}.sh`, join(machine.root, 'params.json'));
  const lastLine = (text: string) => text.trim().split('\n').at(-1) ?? '';
  const failureOf = (name: string) =>
    task(name).then(
      () => 'it went well',
      ({ stdout }: { stdout: string }) => lastLine(stdout),
    );
  const installed = () => FILES.map((name) => machine.read(place(name)));
  const version = () => JSON.parse(machine.read('etc/bayou/node.json')).settings.kubernetes_version;

  it('changes nothing before all is there', async () => {
    wrong = 'kubelet';

    expect(await failureOf('upgrade')).toMatch(/^at fetching files: .*kubelet has the wrong checksum/);
    expect(installed()).toEqual(FILES.map((name) => content(name, OLD)));
    expect([version(), machine.read('fake/steps')]).toEqual([OLD, '']);
    expect(lastLine(await task('upgrade-undo'))).toBe('nothing was changed yet');
  });

  it('starts the API anew, then what goes by it, and comes back the way it went', async () => {
    machine.write('fake/version', NEW);
    expect(lastLine(await task('upgrade'))).toBe('v1.20.3 runs');

    expect(installed()).toEqual(FILES.map((name) => content(name, NEW)));
    expect(version()).toBe(NEW);
    const changed = machine.read('fake/steps').split('\n');
    expect(changed.slice(0, 6)).toEqual([
      'container-runtime v1.20.3: etcd-restart kubectl-restart',
      'etcd v1.20.3: etcd-restart kubectl-restart',
      'control-plane v1.20.3: kube-apiserver-restart kubectl-restart',
      'control-plane v1.20.3: kube-scheduler-restart kubectl-restart',
      'kubelet v1.20.3: kubectl-restart kubelet-restart',
      'node-ready v1.20.3: kubectl-restart',
    ]);
    expect(lastLine(await task('upgrade'))).toBe('v1.20.3 runs');
    machine.write('fake/version', OLD);
    expect(lastLine(await task('upgrade-undo'))).toBe('v1.20.2 runs again');
    expect(installed()).toEqual(FILES.map((name) => content(name, OLD)));
    expect(machine.read(place(ETCD))).toBe(content(ETCD, NEW));
    expect(version()).toBe(OLD);
    expect(lastLine(await task('upgrade-undo'))).toBe('nothing was changed yet');
  });

  it('does not wait for a kubelet that ends again and again', async () => {
    machine.write('fake/kubelet-ends', '40');

    expect(await failureOf('upgrade')).toMatch(/^at kubelet: kubelet v1.20.3 did not come up:/);
    // Of whoever looked before nothing counts.
    expect(Number(machine.read('fake/kubelet-ends'))).toBeGreaterThanOrEqual(40 + 15);
    rmSync(join(machine.root, 'fake/kubelet-ends'));
    expect(lastLine(await task('upgrade-undo'))).toBe('v1.20.2 runs again');
  });

  it('says at what it stopped and why, and goes back from there', async () => {
    machine.write('fake/broken-control-plane', 'a line of its journal\nunknown flag: --x\n');

    expect(await failureOf('upgrade')).toBe('at kube-apiserver: unknown flag: --x');
    expect(machine.read(place('kubelet'))).toBe(content('kubelet', OLD));
    rmSync(join(machine.root, 'fake/broken-control-plane'));
    expect(lastLine(await task('upgrade-undo'))).toBe('v1.20.2 runs again');
    expect(installed()).toEqual(FILES.map((name) => content(name, OLD)));
    expect(existsSync(join(machine.root, 'var/lib/bayou/previous'))).toBe(false);
  });

  it('is in the way of what the new version does not have, but for what Kubernetes itself asks for', async () => {
    const shared = machine.read('opt/bayou/kubernetes.sh');
    machine.write('fake/metrics', `${METRICS.join('\n')}\n`);
    machine.write('opt/bayou/kubernetes.sh', `${shared}\napi() { cat "$FAKE_NODE/metrics"; }\n`);
    const look = async (version: string) => {
      machine.write('look.json', JSON.stringify({ version, moving: '' }));
      return machine.run('tasks/check-upgrade.sh', join(machine.root, 'look.json')).catch((error) => error.stdout);
    };

    expect(await look('v1.21.0')).toBe('nothing is in the way of v1.21.0\n');
    expect(await look('v1.22.0')).toBe(
      'APIs in use that v1.22.0 does not have: ingresses of networking.k8s.io/v1beta1\n',
    );
    expect(await look('v1.25.0')).toContain('cronjobs of batch/v1beta1 ingresses of networking.k8s.io/v1beta1');
  });

  it('is in the way of pods that the other nodes surely have no room for', async () => {
    const plain = 'node.kubernetes.io/not-ready node.kubernetes.io/unreachable|Exists Exists';
    const shared = machine.read('opt/bayou/kubernetes.sh');
    machine.write('opt/bayou/kubernetes.sh', `${shared}\napi() { true; }\n`);
    machine.write(
      place('kubectl'),
      '#!/bin/bash\ncase $* in *" get nodes "*) cat "$FAKE_NODE/nodes" ;; *" get pods "*) cat "$FAKE_NODE/pods" ;; esac\n',
    );
    machine.write(
      'fake/nodes',
      [
        'master-0||NoSchedule|4|8Gi',
        'worker-0|||2|3936588Ki',
        'worker-1|||1930m|4G',
        // Closed by its owner: nothing comes to it.
        'worker-2|true||8|32Gi',
        '',
      ].join('\n'),
    );
    const look = async (pods: string[]) => {
      machine.write('fake/pods', `${pods.join('\n')}\n`);
      machine.write('look.json', JSON.stringify({ version: NEW, moving: 'worker-0,worker-1' }));
      return machine.run('tasks/check-upgrade.sh', join(machine.root, 'look.json')).catch((error) => error.stdout);
    };
    const others = [
      // These do not move, or go to masters, or have a place nowhere yet.
      `worker-0|DaemonSet|${plain}|1|1Gi`,
      `worker-0|Node|${plain}|100m|1Gi`,
      'worker-0|ReplicaSet|CriticalAddonsOnly node-role.kubernetes.io/master|Exists|2|1Gi',
      `worker-0||${plain}|2|`,
      `|ReplicaSet|${plain}|7|1Gi`,
    ];

    expect(
      await look([...others, `worker-0|ReplicaSet|${plain}|500m 1|1Gi 128Mi`, `worker-1|ReplicaSet|${plain}||`]),
    ).toBe(`nothing is in the way of ${NEW}\n`);
    expect(
      await look([
        `worker-0|ReplicaSet|${plain}|500m 1|1Gi 128Mi`,
        `worker-1|StatefulSet|${plain}|500m|2Gi`,
        `worker-1|DaemonSet|${plain}|100m|`,
      ]),
    ).toBe('no room for the pods of worker-0 (needs 1.5 cores, 1152 MiB; 1.3 cores, 1766 MiB are free elsewhere)\n');
    expect(await look([`worker-1|Job|${plain}||4Gi`])).toContain(
      'no room for the pods of worker-1 (needs 0.0 cores, 4096 MiB; 2.0 cores, 3844 MiB are free elsewhere)',
    );
  });
});
