import type { CertificateProfile, Node } from '../../common/db/nodes.js';
import { createRequest } from '../../common/x509.js';
import type { ListenerFixture } from './listener-fixture.js';
import { addNode, type SwarmNode } from './swarm-nodes.js';

/** Profiles by the authority that signs them. */
const NODE_PROFILES = { nodes: ['kubelet', 'kubelet-server', 'kube-proxy'] };
const MASTER_PROFILES = {
  cluster: ['kube-apiserver'],
  nodes: [
    ...NODE_PROFILES.nodes,
    'apiserver-kubelet-client',
    'kube-controller-manager',
    'kube-scheduler',
    'node-manager',
    'bootstrap',
  ],
  etcd: ['etcd-server', 'etcd-peer', 'etcd-client'],
  'front-proxy': ['front-proxy-client'],
};

const STEPS: Record<string, string[]> = {
  master: ['software', 'container-runtime', 'etcd', 'control-plane', 'bootstrap', 'kubelet', 'node-ready'],
  worker: ['software', 'container-runtime', 'kubelet', 'node-ready'],
};

/** Rows, authorities, the key of service accounts and user data of masters and one worker, as the conductor makes them. */
export async function addKubernetes(
  fixture: ListenerFixture,
  masterCount = 1,
  settings: Record<string, unknown> = {},
): Promise<{ masters: SwarmNode[]; worker: SwarmNode }> {
  for (const name of Object.keys(MASTER_PROFILES)) await fixture.addAuthority(name);
  await fixture.addSecret('service-account-key', ['master'], []);
  const { privateKeyPem } = await createRequest({ commonName: 'any' });
  await fixture.setSecret('service-account-key', privateKeyPem);
  const list = Array.from({ length: masterCount }, (_, index) => ({
    name: `web-master-${index}`,
    address: `10.0.0.${index + 5}`,
  }));
  const add = (role: string, name: string, row: Partial<Node>, apiHost: string) =>
    addNode(fixture, name, role, row, {
      driver: 'kubernetes',
      steps: STEPS[role] ?? [],
      settings: { masters: list, api_host: apiHost, kubernetes_version: 'v1.20.2', ...settings },
    });
  const masters: SwarmNode[] = [];
  for (const { name, address } of list) {
    const certificateProfiles = profilesOf(MASTER_PROFILES);
    masters.push(await add('master', name, { addresses: { private: address }, certificateProfiles }, address));
  }
  const certificateProfiles = profilesOf(NODE_PROFILES);
  return { masters, worker: await add('worker', 'web-worker-0', { certificateProfiles }, '10.0.0.5') };
}

function profilesOf(profiles: Record<string, string[]>): Record<string, CertificateProfile> {
  const pairs = Object.entries(profiles).flatMap(([ca, names]) =>
    names.map((name): [string, CertificateProfile] => [
      name,
      { ca, commonName: name, usages: ['client'], names: [], ...(name === 'bootstrap' ? { once: true } : {}) },
    ]),
  );
  return Object.fromEntries(pairs);
}
