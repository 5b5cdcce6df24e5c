import { X509Certificate } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AuthorityRole, changeRole, ensureAuthority, retirePrevious } from '../../common/authorities.js';
import { clusters, type RotationStage } from '../../common/db/clusters.js';
import { newCluster } from '../contract/database/rows.js';
import { addKubernetes } from '../support/kubernetes-nodes.js';
import { type ListenerFixture, startListenerFixture } from '../support/listener-fixture.js';
import { Machine, removeMachines } from './machine.js';

jest.setTimeout(600_000);

const AUTHORITIES = ['cluster', 'nodes', 'etcd', 'front-proxy'];
const SERVICES = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubelet', 'kube-proxy'];
/** Of each step some of its certificates; the real steps are tried on real machines. */
const STEPS: Record<string, string> = {
  etcd: 'certificate etcd-server etcd "$BAYOU_STATE/etcd-restart"',
  'control-plane':
    'mark=$BAYOU_STATE/kube-apiserver-restart; certificate kube-apiserver cluster "$mark"; certificate node-manager nodes "$mark"',
  kubelet: 'certificate kubelet nodes "$BAYOU_STATE/kubelet-restart"',
  'node-ready': '',
};

/** Notes which services it would start anew. */
const played = (step: string) => `#!/bin/bash
set -euo pipefail
source "$BAYOU_ROOT/opt/bayou/kubernetes.sh"
${STEPS[step]}
for mark in "$BAYOU_STATE"/${step === 'control-plane' ? 'kube-[acs]' : step}*-restart; do
  if [ -e "$mark" ]; then basename "$mark" -restart >>"$FAKE_NODE/started"; rm "$mark"; fi
done
`;

/** What an API answers that is always well. */
const ANSWERS = `
api() { echo '{"spec": {"renewTime": "2999-01-01T00:00:00.000000Z"}}'; }
etcd_has_quorum() { true; }
`;

/** In the order of the tests: one change after the other. */
describe('the change of authorities on a node, by its script', () => {
  let folder: string;
  let fixture: ListenerFixture;
  let master: Machine;
  let worker: Machine;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bayou-rotate-'));
    fixture = await startListenerFixture();
    const nodes = await addKubernetes(fixture);
    await clusters.insert(fixture.knex, newCluster({ uuid: 'cluster-1' }));
    [master, worker] = [...nodes.masters, nodes.worker].map((node) => new Machine(folder, node)) as [Machine, Machine];
    for (const machine of [master, worker]) {
      for (const step of Object.keys(STEPS)) machine.write(`opt/bayou/steps/${step}.sh`, played(step));
      machine.write('opt/bayou/kubernetes.sh', machine.read('opt/bayou/kubernetes.sh') + ANSWERS);
      machine.write('params.json', '{}');
      await machine.run('enrol.sh');
    }
    for (const step of ['etcd', 'control-plane', 'kubelet']) await master.run(`steps/${step}.sh`);
    await worker.run('steps/kubelet.sh');
  });
  afterAll(async () => {
    await fixture.stop();
    await removeMachines(folder);
  });

  const pki = (machine: Machine, file: string) => machine.read(`etc/kubernetes/pki/${file}`);
  const trusted = (machine: Machine, name: string) =>
    pki(machine, `${name}-ca.crt`)
      .match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/g)
      ?.map((pem) => new X509Certificate(pem).fingerprint256) ?? [];

  function isSignedBy(machine: Machine, profile: string, authority: { certificatePem: string } | undefined): boolean {
    return new X509Certificate(pki(machine, `${profile}.crt`)).verify(
      new X509Certificate(authority?.certificatePem ?? '').publicKey,
    );
  }

  const ensure = (name: string, role: AuthorityRole) =>
    ensureAuthority(fixture.db, fixture, { owner: 'cluster-1', name, role, commonName: name, days: 100 });

  async function swap(): Promise<void> {
    for (const name of AUTHORITIES) {
      const authority = { owner: 'cluster-1', name };
      await changeRole(fixture.knex, fixture.sealer, authority, ['current', 'previous']);
      await changeRole(fixture.knex, fixture.sealer, authority, ['next', 'current']);
    }
  }

  /** @returns the services that start again */
  async function follow(machine: Machine, stage: RotationStage): Promise<string[]> {
    await clusters.update(fixture.knex, { uuid: 'cluster-1' }, { caRotation: stage });
    machine.write('fake/started', '');
    await machine.run('tasks/rotate-ca.sh', join(machine.root, 'params.json'));
    return machine.read('fake/started').trim().split('\n').toSorted();
  }

  it('takes each node through all stages, its keys stay, and twice changes nothing', async () => {
    const everything = SERVICES.filter((name) => name !== 'kube-proxy').toSorted();
    const old = { cluster: await ensure('cluster', 'current'), nodes: await ensure('nodes', 'current') };
    const key = pki(master, 'kubelet.key');
    for (const name of AUTHORITIES) await ensure(name, 'next');
    const now = { cluster: await ensure('cluster', 'next'), nodes: await ensure('nodes', 'next') };

    expect(await follow(master, 'trust')).toEqual(everything);
    expect(await follow(worker, 'trust')).toEqual(['kubelet']);
    expect(await follow(master, 'trust')).toEqual(['']);
    for (const name of AUTHORITIES) expect(trusted(master, name)).toHaveLength(2);
    expect(trusted(worker, 'etcd')).toEqual([]);
    expect(isSignedBy(master, 'kubelet', old.nodes)).toBe(true);

    await swap();
    // Of those who know users' authority only, nothing has changed.
    expect(await follow(master, 'issue')).toEqual(['etcd', 'kube-apiserver', 'kubelet']);
    expect(await follow(worker, 'issue')).toEqual(['kubelet']);
    expect([master, worker].map((node) => isSignedBy(node, 'kubelet', now.nodes))).toEqual([true, true]);
    expect(isSignedBy(master, 'kube-apiserver', old.cluster)).toBe(true);
    expect(pki(master, 'kubelet.key')).toBe(key);

    await follow(master, 'serve');
    expect(isSignedBy(master, 'kube-apiserver', now.cluster)).toBe(true);
    expect(trusted(master, 'cluster')).toHaveLength(2);

    for (const name of AUTHORITIES) await retirePrevious(fixture.knex, 'cluster-1', name);
    expect(await follow(master, 'drop')).toEqual(everything);
    expect(await follow(worker, 'drop')).toEqual(['kubelet']);
    for (const name of AUTHORITIES) expect(trusted(master, name)).toHaveLength(1);
    expect(trusted(worker, 'nodes')).toEqual(trusted(master, 'nodes'));
  });

  it('starts again what it was stopped before, and says where it could not go on', async () => {
    for (const name of AUTHORITIES) await ensure(name, 'next');
    const step = master.read('opt/bayou/steps/control-plane.sh');
    master.write(
      'opt/bayou/steps/control-plane.sh',
      '#!/bin/bash\necho "the API of this master does not get ready"\nexit 1\n',
    );

    const failed = await follow(master, 'trust').catch(({ stdout }: { stdout: string }) => stdout.trim().split('\n'));
    expect(failed.at(-1)).toBe('at control plane: the API of this master does not get ready');

    master.write('opt/bayou/steps/control-plane.sh', step);
    expect(await follow(master, 'trust')).toEqual(
      expect.arrayContaining(['kube-apiserver', 'kube-scheduler', 'kubelet']),
    );
  });
});
