import { parseAllDocuments } from 'yaml';
import type { Node } from '../../common/db/nodes.js';
import { planAddons, planCredentialRenewal } from '../../drivers/kubernetes/addons.js';
import { cloudOptions, cloudUse } from '../../drivers/kubernetes/cloud-use.js';
import { makeDrivers } from '../../drivers/registry.js';
import { sampleCluster } from '../contract/driver/sample-cluster.js';

const BOTH = { cloud_provider_enabled: 'true', cinder_csi_enabled: 'true' };
const MASTER = { name: 'master-0', role: 'master', state: 'wanted', ready: true } as Node;
const { kubernetes } = makeDrivers();
if (kubernetes === undefined) throw new Error('there is no driver of Kubernetes');
const driver = kubernetes;

const planned = (labels: Record<string, string>, version = 'v1.31.0') =>
  planAddons(sampleCluster(driver, { labels }).spec, [MASTER], version);

const manifestOf = (labels: Record<string, string>, name: string) =>
  planned(labels).find(({ subject }) => subject === name)?.params.manifest ?? '';

interface Workload {
  kind: string;
  spec?: { template?: { spec: { nodeSelector?: object; volumes: { secret?: { secretName: string } }[] } } };
}

describe('what uses the cloud', () => {
  it('comes first and last, with the credential, and nothing else does', () => {
    const usage = planned(BOTH).map(({ subject, params }) => [subject, params.uses_cloud]);

    expect(usage).toEqual([
      ['cloud-controller', 'true'],
      ['coredns', 'false'],
      ['metrics-server', 'false'],
      ['cinder-csi', 'true'],
    ]);
    expect(planCredentialRenewal(sampleCluster(driver, { labels: BOTH }).spec, [MASTER])).toMatchObject([
      { name: 'cloud-credential', params: { addons: 'cloud-controller,cinder-csi' } },
    ]);
  });

  it('holds its credential on masters only', () => {
    const workloads = ['cloud-controller', 'cinder-csi'].flatMap((name) => {
      const documents = parseAllDocuments(manifestOf(BOTH, name));
      return 'empty' in documents ? [] : documents.map((document) => document.toJS() as Workload);
    });
    const pods = workloads.flatMap(({ kind, spec }) =>
      spec?.template === undefined ? [] : [{ kind, ...spec.template.spec }],
    );
    const holders = pods.filter(({ volumes }) => volumes.some(({ secret }) => secret?.secretName === 'cloud-config'));

    expect(pods.map(({ kind }) => kind)).toEqual(['Deployment', 'Deployment', 'DaemonSet']);
    expect(holders.map(({ kind, nodeSelector }) => [kind, nodeSelector])).toEqual([
      ['Deployment', { 'node-restriction.kubernetes.io/bayou-role': 'master' }],
      ['Deployment', { 'node-restriction.kubernetes.io/bayou-role': 'master' }],
    ]);
  });

  it('is told the id of its cluster, by which what it makes is known', () => {
    const { spec } = sampleCluster(driver, { labels: BOTH });
    const { clusterId } = spec;
    const texts = planAddons(spec, [MASTER], 'v1.31.0').map(({ params }) => params.manifest);
    const use = cloudUse({ clusterId, labels: BOTH });

    expect(texts[0]).toContain(`--cluster-name=${clusterId}\n`);
    expect(texts.at(-1)).toContain(`--cluster=${clusterId}\n`);
    expect(use?.volumes).toEqual({ 'cinder.csi.openstack.org/cluster': clusterId });
    const description = `Floating IP for Kubernetes external service default/web from cluster ${clusterId}`;
    expect(use?.loadBalancers?.addressDescription.test(description)).toBe(true);
    expect(use?.loadBalancers?.addressDescription.test(`${description}0`)).toBe(false);
    expect(cloudUse({ clusterId, labels: { cinder_csi_enabled: 'false' } })).toBeUndefined();
    expect(cloudUse({ clusterId, labels: { cinder_csi_enabled: 'true' } })).not.toHaveProperty('loadBalancers');
  });

  it('has the tags that labels name', () => {
    const labels = { ...BOTH, cloud_provider_tag: 'v1.99.1', csi_attacher_tag: 'v9' };

    expect(manifestOf(labels, 'cloud-controller')).toMatch(/image: ".*openstack-cloud-controller-manager:v1\.99\.1"/);
    expect(manifestOf(labels, 'cinder-csi')).toContain('image: "registry.k8s.io/sig-storage/csi-attacher:v9"');
  });

  it('has kubelets wait for the controller, and controllers of a version that knows of it', () => {
    const option = ['--cloud-provider=external'];

    expect(cloudOptions(BOTH, 'v1.20.2')).toEqual({ kubelet: option, controllers: option });
    expect(cloudOptions(BOTH, 'v1.33.0')).toEqual({ kubelet: option, controllers: [] });
    expect(cloudOptions({ cinder_csi_enabled: 'true' }, 'v1.20.2')).toEqual({ kubelet: [], controllers: [] });
  });
});

describe('orders', () => {
  const problems = (labels: Record<string, string>, more: object = {}) => {
    const { spec } = sampleCluster(driver, { labels });
    return driver
      .validate({ ...spec.template, masterCount: 1, nodeCount: 1, labels, ...more })
      .map(({ field }) => field);
  };

  it('of Cinder for pods need its label, Cinder, and machines that take volumes', () => {
    expect(problems({}, { volumeDriver: 'cinder' })).toEqual(['volume_driver']);
    expect(problems(BOTH, { volumeDriver: 'rexray' })).toEqual(['volume_driver']);
    expect(problems(BOTH, { volumeDriver: 'cinder' })).toEqual([]);
    expect(problems(BOTH, { cloud: { loadBalancers: true, blockStorage: false } })).toEqual([
      'labels.cinder_csi_enabled',
    ]);
    expect(problems(BOTH, { serverType: 'bm', fixedNetwork: 'n' })).toEqual(['labels.cinder_csi_enabled']);
  });

  it('need an account that can make credentials', () => {
    const cloud = { loadBalancers: true, credentials: false };

    expect(problems(BOTH, { cloud })).toEqual(['labels.cloud_provider_enabled', 'labels.cinder_csi_enabled']);
    expect(problems({}, { cloud })).toEqual([]);
  });

  it('name no tag that is none', () => {
    expect(problems({ ...BOTH, cloud_provider_tag: 'v1"\n' })).toEqual(['labels.cloud_provider_tag']);
  });
});
