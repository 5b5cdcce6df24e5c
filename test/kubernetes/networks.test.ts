import { parseAllDocuments } from 'yaml';
import { unpinned } from '../../cli/mirror/sources.js';
import type { ClusterTemplate } from '../../common/db/cluster-templates.js';
import { type Bill, billSchema } from '../../drivers/bill.js';
import { kubernetes } from '../../drivers/kubernetes/driver.js';
import { manifest } from '../../drivers/kubernetes/manifest.js';
import { makeDrivers } from '../../drivers/registry.js';
import { HOSTILE } from '../contract/driver/hostile.js';
import { nodeStackInput, plannedInfrastructure, sampleCluster } from '../contract/driver/sample-cluster.js';

const VERSIONS = Array.from({ length: 16 }, (_, index) => `v1.${20 + index}.0`);
const PODS = '10.100.0.0/16';
const MAX_MANIFEST_BYTES = 32_768;

const driver = makeDrivers().kubernetes ?? kubernetes({ bills: () => [] });

function sample(networkDriver: string | undefined, labels: Record<string, string> = {}) {
  return sampleCluster(driver, { labels, template: { networkDriver } });
}

function problemsOf(networkDriver: string, labels: Record<string, string>, counts = {}) {
  const { template } = sample(networkDriver).spec;
  return driver.validate({ ...template, labels, masterCount: 1, nodeCount: 2, ...counts });
}

function infrastructureOf(networkDriver: string | undefined, labels: Record<string, string> = {}) {
  const { stack, secrets } = driver.planInfrastructure(sample(networkDriver, labels).spec);
  const manifests = secrets.filter(({ name }) => name === 'network-manifest');
  const [text = ''] = manifests.map(({ initial }) =>
    typeof initial === 'object' && 'text' in initial ? initial.text : '',
  );
  return { resources: stack.template.resources, secrets: manifests, text };
}

/** Which networks besides their own addresses the ports of masters and workers may send from. */
function pairsOf(networkDriver: string | undefined, labels: Record<string, string> = {}): unknown[] {
  const cluster = sample(networkDriver, labels);
  const input = nodeStackInput(driver, cluster.spec, plannedInfrastructure(cluster), cluster.workers);
  const ports = [driver.planInfrastructure(cluster.spec).stack, driver.planNodeStack(input)].flatMap(({ template }) =>
    Object.values(template.resources).filter(({ type }) => type === 'OS::Neutron::Port'),
  );
  expect(ports.length).toBe(3);
  return ports.map(({ properties }) => properties?.allowed_address_pairs);
}

const only = (network: string | undefined) => Array(3).fill(network && [{ ip_address: network }]);
const imagesIn = (text: string) => [...text.matchAll(/image: "(.*)"/g)].map(([, image]) => image ?? '');

describe('the labels of networks and shares', () => {
  it.each([
    ['routes', {}],
    ['flannel', {}],
    ['flannel', { flannel_backend: 'host-gw', flannel_network_cidr: '10.1.0.0/16', flannel_network_subnetlen: '26' }],
    ['flannel', { flannel_tag: 'v0.15.1', flannel_cni_tag: 'v1.0.0' }],
    ['calico', { calico_ipv4pool: '192.168.0.0/16', calico_ipv4pool_ipip: 'CrossSubnet', calico_tag: 'v3.21.2' }],
    // Nodes have no share of it.
    ['calico', { pods_network_cidr: '192.168.0.0/23' }],
  ])('say how pods of %s are reached: %j', (name, labels) => {
    expect(problemsOf(name, labels, name === 'calico' ? { nodeCount: 9 } : {})).toEqual([]);
  });

  it.each([
    ['cilium', {}, 'network_driver', 'must be one of routes, flannel, calico'],
    ['flannel', { flannel_backend: 'udp' }, 'labels.flannel_backend', 'udp sends every packet through a program'],
    ['flannel', { flannel_backend: 'ipsec' }, 'labels.flannel_backend', 'not one of vxlan, host-gw'],
    ['flannel', { flannel_network_subnetlen: '30' }, 'labels.flannel_network_subnetlen', 'from 16 to 28'],
    [
      'flannel',
      { pods_network_cidr: '172.64.0.0/10', flannel_network_subnetlen: '28' },
      'labels.flannel_network_subnetlen',
      'can be a /26',
    ],
    [
      'flannel',
      { pods_network_cidr: '10.1.0.0/24', flannel_network_subnetlen: '25' },
      'labels.pods_network_cidr',
      'room for 2 nodes, and 3',
    ],
    ['flannel', { flannel_tag: 'latest' }, 'labels.flannel_tag', 'a version such as'],
    ['calico', { calico_tag: 'v3.29.0' }, 'labels.calico_tag', 'from v3.21 to v3.28'],
    ['calico', { calico_ipv4pool_ipip: 'always' }, 'labels.calico_ipv4pool_ipip', 'Always, CrossSubnet, Never, Off'],
    [
      'calico',
      { calico_ipv4pool: '10.1.0.0/16', pods_network_cidr: '10.2.0.0/16' },
      'labels.calico_ipv4pool',
      'is not what',
    ],
    ['routes', { nfs_server: 'nfs.example.org' }, 'labels.nfs_path', 'go together'],
    ['routes', { nfs_path: 'share', nfs_server: 'a' }, 'labels.nfs_path', 'an absolute path'],
  ])('of %s are refused: %j', (name, labels, field, words) => {
    expect(problemsOf(name, labels)).toEqual([{ field, message: expect.stringContaining(words) }]);
  });
});

describe('the plan of a network', () => {
  it('lets ports send as pods only where packets leave under their addresses', () => {
    expect(pairsOf(undefined)).toEqual(only(PODS));
    expect(pairsOf('flannel')).toEqual(only(undefined));
    expect(pairsOf('flannel', { flannel_backend: 'host-gw' })).toEqual(only(PODS));
    expect(pairsOf('calico')).toEqual(only(PODS));
    expect(pairsOf('calico', { calico_ipv4pool_ipip: 'CrossSubnet' })).toEqual(only(PODS));
    expect(pairsOf('calico', { calico_ipv4pool_ipip: 'Always' })).toEqual(only(undefined));
  });

  it('opens IP in IP between masters and workers where Calico wraps, and nothing else for anybody', () => {
    const added = (name: string, labels = {}) => {
      const usual = Object.keys(infrastructureOf('routes').resources);
      const { resources } = infrastructureOf(name, labels);
      // Nodes are called differently each time.
      const rules = Object.entries(resources).filter(([key]) => !usual.includes(key) && !key.includes('-master-'));
      return rules.map(([key, { type, properties }]) => [key, type, properties]);
    };
    const group = (role: string) => ({ get_resource: `${role}_security_group` });
    const rule = (to: string, from: string) => [
      `${to}s_from_${from}s_ipip`,
      'OS::Neutron::SecurityGroupRule',
      { security_group: group(to), remote_group: group(from), protocol: '4' },
    ];

    expect([added('flannel'), added('calico'), added('calico', { calico_ipv4pool_ipip: 'Never' })]).toEqual([
      [],
      [],
      [],
    ]);
    for (const wrapped of ['Always', 'CrossSubnet']) {
      expect(added('calico', { calico_ipv4pool_ipip: wrapped })).toEqual([
        rule('master', 'worker'),
        rule('worker', 'master'),
      ]);
    }
  });

  it('has the first master put it in before there is a node, and tells nodes how it is shared out', () => {
    const settingsOf = (name: string | undefined, labels = {}) => {
      const cluster = sample(name, labels);
      const [master] = cluster.masters;
      if (master === undefined) throw new Error('no master');
      const { steps, settings } = driver.planNode(cluster.spec, plannedInfrastructure(cluster), master);
      return [steps.indexOf('network') - steps.indexOf('bootstrap'), steps.includes('network'), settings];
    };

    expect(settingsOf(undefined)).toMatchObject([
      expect.any(Number),
      false,
      { network_driver: 'routes', node_network_bits: '24' },
    ]);
    const smaller = { flannel_network_subnetlen: '26' };
    expect(settingsOf('flannel', smaller)).toMatchObject([
      1,
      true,
      { network_driver: 'flannel', node_network_bits: '26' },
    ]);
    expect(settingsOf('calico')).toMatchObject([1, true, { network_driver: 'calico', node_network_bits: '' }]);
  });
});

describe('the manifest of a network', () => {
  it('is for masters only, and there is none where nodes do it by themselves', () => {
    expect(infrastructureOf(undefined).secrets).toEqual([]);
    for (const name of ['flannel', 'calico']) {
      expect(infrastructureOf(name).secrets).toMatchObject([{ readableBy: ['master'], writableBy: [] }]);
    }
  });

  it.each(['flannel', 'calico'])('of %s is complete objects, on every node whatever it keeps away', (name) => {
    const { text } = infrastructureOf(name, { pods_network_cidr: '10.77.0.0/16' });
    const documents = parseAllDocuments(text, { uniqueKeys: true });
    const objects = [...documents].map((document) => document.toJS());
    const daemons = objects.filter(({ kind }) => kind === 'DaemonSet');

    expect([...documents].flatMap(({ errors }) => errors)).toEqual([]);
    expect(objects.every(({ apiVersion, kind, metadata }) => apiVersion && kind && metadata.name)).toBe(true);
    expect(daemons).toMatchObject([
      {
        metadata: { namespace: 'kube-system' },
        spec: {
          template: {
            spec: {
              hostNetwork: true,
              tolerations: [
                { operator: 'Exists', effect: 'NoSchedule' },
                { operator: 'Exists', effect: 'NoExecute' },
              ],
            },
          },
        },
      },
    ]);
    expect(text).not.toContain('@@');
    expect(text).toContain('10.77.0.0/16');
    expect(Buffer.byteLength(text)).toBeLessThan(MAX_MANIFEST_BYTES);
  });

  it('says what the labels say', () => {
    const flannel = infrastructureOf('flannel', { flannel_backend: 'host-gw', flannel_tag: 'v0.15.1' }).text;
    const wraps = (labels: Record<string, string>) =>
      /CALICO_IPV4POOL_IPIP, value: "(\w+)"/.exec(infrastructureOf('calico', labels).text)?.[1];

    expect(flannel).toContain('"Backend": {"Type": "host-gw"}');
    expect(imagesIn(flannel)).toContain('ghcr.io/flannel-io/flannel:v0.15.1');
    expect([{}, { calico_ipv4pool_ipip: 'Off' }, { calico_ipv4pool_ipip: 'Always' }].map(wraps)).toEqual([
      'Never',
      'Never',
      'Always',
    ]);
  });

  it('has the prefix before the last part of the name of every image', () => {
    const prefix = 'registry.example.org:5000/kubernetes/';
    const images = ['flannel', 'calico'].flatMap((name) =>
      imagesIn(infrastructureOf(name, { container_infra_prefix: prefix, kube_tag: 'v1.20.2' }).text),
    );

    expect(new Set(images)).toEqual(
      new Set(
        [
          'flannel-cni-plugin:v1.7.1-flannel1',
          'flannel:v0.27.0',
          'cni:v3.26.4',
          'node:v3.26.4',
          'kube-controllers:v3.26.4',
        ].map((image) => `${prefix}${image}`),
      ),
    );
  });

  it.each(VERSIONS)('needs images for %s that a mirror has, for clusters of that driver only', (version) => {
    const { images } = unpinned('kubernetes', undefined, version);
    for (const name of ['flannel', 'calico']) {
      const needed = new Set(imagesIn(infrastructureOf(name, { kube_tag: version }).text));
      const mirrored = images.filter(({ network }) => network === name);

      expect(new Set(mirrored.map((image) => image.name))).toEqual(needed);
    }
  });

  it.each([HOSTILE, 'a: b', 'x"', '10.0.0.0/8"', ''])('takes nothing that its name does not promise: %j', (value) => {
    const values = {
      POD_NETWORK: PODS,
      FLANNEL_BACKEND: 'vxlan',
      FLANNEL_IMAGE: 'x.io/a:1',
      FLANNEL_CNI_IMAGE: 'x.io/b:1',
    };

    expect(manifest('flannel', values, 'network')).toContain(PODS);
    for (const name of Object.keys(values)) {
      expect(() => manifest('flannel', { ...values, [name]: value }, 'network')).toThrow(
        `the value of ${name} is none`,
      );
    }
  });
});

it('nodes fetch the images of their own network driver, and those of all', () => {
  const sum = (digit: string) => digit.repeat(64);
  const image = (name: string, network?: string) => ({
    ...{ name: `x.io/${name}:1`, path: `images/${name}.tar`, sha256: sum('1') },
    ...(network === undefined ? {} : { network }),
  });
  const bill: Bill = billSchema.parse({
    ...{ version: 'v1.31.4', origin: 'made for a test' },
    files: [{ name: 'kubelet', for: 'all', path: 'kubelet', sha256: sum('0'), to: '/kubelet' }],
    images: [image('pause'), image('flannel', 'flannel'), image('calico', 'calico')],
  });
  const withBill = kubernetes({ bills: () => [bill], mirrorUrl: 'http://mirror.example' });
  const fetched = (networkDriver: ClusterTemplate['networkDriver']) => {
    const cluster = sample(networkDriver);
    const [worker] = cluster.workers;
    if (worker === undefined) throw new Error('no worker');
    const { settings } = withBill.planNode(cluster.spec, plannedInfrastructure(cluster), worker);
    return (settings.images as { path: string }[]).map(({ path }) => path);
  };

  expect(fetched(undefined)).toEqual(['images/pause.tar']);
  expect(fetched('flannel')).toEqual(['images/pause.tar', 'images/flannel.tar']);
  expect(fetched('calico')).toEqual(['images/pause.tar', 'images/calico.tar']);
});
