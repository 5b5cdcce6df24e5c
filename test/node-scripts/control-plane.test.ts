import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuthority, validFor } from '../../common/x509.js';
import { addKubernetes } from '../support/kubernetes-nodes.js';
import { type ListenerFixture, startListenerFixture } from '../support/listener-fixture.js';
import { Machine, removeMachines } from './machine.js';

// Openssl and Python start slowly where much else runs.
jest.setTimeout(600_000);

const STEP = 'steps/control-plane.sh';
const PROGRAMS = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'];
const UNIT = 'etc/systemd/system/kube-controller-manager.service';
const SIGNING = ['--cluster-signing-cert-file=', '--cluster-signing-key-file='];

/** The real step on a played machine, whose API answers at once; in the order of the tests. */
describe('the control plane of a master, by its script', () => {
  let folder: string;
  let fixture: ListenerFixture;
  let machine: Machine;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bayou-control-'));
    fixture = await startListenerFixture({ maxRequestsPerMinute: 10_000 });
    machine = await startMaster();
  });
  afterAll(async () => {
    await fixture.stop();
    await removeMachines(folder);
  });

  async function startMaster(): Promise<Machine> {
    const { masters } = await addKubernetes(fixture, 1, {
      signs_requests: false,
      service_network: '10.254.0.0/16',
      pod_network: '10.100.0.0/16',
      dns_domain: 'cluster.local',
      node_network_bits: '24',
    });
    const [master] = masters;
    if (master === undefined) throw new Error('there is no master');
    const started = new Machine(folder, master);
    mkdirSync(join(started.root, 'opt/bayou/kubernetes/bin'), { recursive: true });
    for (const name of PROGRAMS) started.write(`opt/bayou/kubernetes/bin/${name}`, '#!/bin/bash\n', 0o755);
    started.write('opt/bayou/kubernetes.sh', `${started.read('opt/bayou/kubernetes.sh')}\napi() { true; }\n`);
    await started.run('enrol.sh');
    return started;
  }

  async function hand(): Promise<string> {
    const authority = await createAuthority({ commonName: 'web', ...validFor(30, fixture.clock.now()) });
    const value = JSON.stringify({ certificate: authority.certificatePem, key: authority.privateKeyPem });
    await fixture.setSecret('signing-authority', value);
    return new X509Certificate(authority.certificatePem).fingerprint256;
  }

  /** @returns the services that start again */
  async function run(): Promise<string[]> {
    machine.write('fake/systemctl', '');
    await machine.run(STEP);
    const lines = machine.read('fake/systemctl').split('\n');
    return lines.flatMap((line) => /^restart --no-block (\S+)\.service$/.exec(line)?.[1] ?? []);
  }

  const pki = (file: string) => join(machine.root, 'etc/kubernetes/pki', file);
  const has = (options: string[]) => options.filter((each) => machine.read(UNIT).includes(each));

  it('signs nothing, and asks for no key, unless its cluster wants it', async () => {
    expect(await run()).toEqual(PROGRAMS);

    expect(has(SIGNING)).toEqual([]);
    expect(existsSync(pki('signing-ca.key'))).toBe(false);
    expect(await fixture.events('node_refused')).toEqual([]);
  });

  it('signs as the authority that it is handed, and as the next one when that is another', async () => {
    await fixture.addSecret('signing-authority', ['master'], []);
    const first = await hand();
    const data = JSON.parse(machine.read('etc/bayou/node.json'));
    data.settings.signs_requests = true;
    machine.write('etc/bayou/node.json', JSON.stringify(data));
    const held = () => new X509Certificate(machine.read('etc/kubernetes/pki/signing-ca.crt'));
    const key = () => createPrivateKey(machine.read('etc/kubernetes/pki/signing-ca.key'));

    expect(await run()).toEqual(['kube-controller-manager']);
    expect(has(SIGNING)).toEqual(SIGNING);
    expect(held().fingerprint256).toBe(first);
    expect(held().checkPrivateKey(key())).toBe(true);
    expect(statSync(pki('signing-ca.key')).mode & 0o777).toBe(0o600);
    expect(await run()).toEqual([]);

    const next = await hand();
    expect(await run()).toEqual(['kube-controller-manager']);
    expect(held().fingerprint256).toBe(next);
    expect(held().checkPrivateKey(key())).toBe(true);
    expect(
      ['secret.answer', 'authority.json', 'authority'].filter((file) =>
        existsSync(join(machine.root, 'var/lib/bayou', file)),
      ),
    ).toEqual([]);
  });
});
