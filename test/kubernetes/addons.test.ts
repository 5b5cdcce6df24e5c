import { readdirSync, readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import { unpinned } from '../../cli/mirror/sources.js';
import type { Node } from '../../common/db/nodes.js';
import { templatePath } from '../../common/package-root.js';
import { imagesFor } from '../../drivers/bill.js';
import { addons, planAddons } from '../../drivers/kubernetes/addons.js';
import { manifest } from '../../drivers/kubernetes/manifest.js';
import { makeDrivers } from '../../drivers/registry.js';
import { HOSTILE } from '../contract/driver/hostile.js';
import { plannedInfrastructure, sampleCluster } from '../contract/driver/sample-cluster.js';

const { kubernetes } = makeDrivers();
const VERSIONS = Array.from({ length: 16 }, (_, index) => `v1.${20 + index}.0`);
const ALL = {
  ...Object.fromEntries(
    addons.map(({ label, definition }) => [
      label,
      definition.type === 'choice' ? (definition.values[0] ?? '') : 'true',
    ]),
  ),
  nfs_server: 'nfs.example.org',
  nfs_path: '/srv/share',
};
/** What the node listener hands out of add-ons at once must be bearable: ten tasks at most. */
const MAX_MANIFEST_BYTES = 65_536;
const MASTER = { name: 'master-0', role: 'master', state: 'wanted', ready: true } as Node;
/** What hinders others while nothing answers behind it. */
const IN_THE_WAY = /^(APIService|(Validating|Mutating)WebhookConfiguration)$/;

function plan(labels: Record<string, string>, version = 'v1.20.2') {
  if (kubernetes === undefined) throw new Error('there is no driver of Kubernetes');
  return planAddons(sampleCluster(kubernetes, { labels }).spec, [MASTER], version);
}

interface Manifested {
  apiVersion: string;
  kind: string;
  metadata: { name: string; labels?: Record<string, string> };
  spec?: {
    template?: {
      metadata: Manifested['metadata'];
      spec: {
        containers: { image: string }[];
        nodeSelector?: Record<string, string>;
        volumes?: { secret?: { secretName: string } }[];
      };
    };
    clusterIP?: string;
  };
}

function objectsOf(text: string): Manifested[] {
  const documents = parseAllDocuments(text, { uniqueKeys: true });
  if ('empty' in documents) throw new Error('the manifest is empty');
  expect(documents.flatMap(({ errors }) => errors)).toEqual([]);
  return documents.map((document) => document.toJS() as Manifested);
}

const imagesOf = (text: string) =>
  objectsOf(text).flatMap(({ spec }) => spec?.template?.spec.containers.map(({ image }) => image) ?? []);

describe('the manifests of add-ons', () => {
  it('are those of the table', () => {
    const files = readdirSync(templatePath('kubernetes', 'addons')).sort();

    expect(files).toEqual(addons.map(({ name }) => `${name}.yaml`).sort());
  });

  it.each(VERSIONS)('are complete objects for %s, found again by their label', (version) => {
    for (const { subject, params } of plan(ALL, version)) {
      const text = params.manifest ?? '';
      expect(text).not.toContain('@@');
      expect(Buffer.byteLength(text)).toBeLessThan(MAX_MANIFEST_BYTES);
      const objects = objectsOf(text);
      expect(objects.filter(({ apiVersion, kind, metadata }) => !apiVersion || !kind || !metadata.name)).toEqual([]);
      for (const { metadata } of objects.filter(({ kind }) => IN_THE_WAY.test(kind))) {
        expect(metadata.labels).toMatchObject({ 'magnum.openstack.org/when': 'available' });
      }
      const deployments = objects.filter(({ kind }) => kind === 'Deployment');
      // What has no pods is not waited for.
      expect(params.has_pods).toBe(String(deployments.length > 0));
      const label = { 'magnum.openstack.org/addon': subject };
      for (const { metadata, spec } of deployments) {
        expect([metadata.labels, spec?.template?.metadata.labels]).toMatchObject([label, label]);
      }
    }
  });

  it.each(VERSIONS)('need images for %s that a mirror has, for clusters of that add-on only', (version) => {
    const { images } = unpinned('kubernetes', undefined, version);
    for (const { params, subject } of plan(ALL, version)) {
      const mirrored = images.filter(({ addon }) => addon === subject).map(({ name }) => name);

      expect(new Set(mirrored)).toEqual(new Set(imagesOf(params.manifest ?? '')));
    }
    expect(images.filter(({ addon }) => addon !== undefined).length).toBeGreaterThan(10);
  });

  it('have their images fetched by the nodes of clusters that have them', () => {
    const parts = unpinned('kubernetes', undefined, 'v1.31.0');
    const bill = { ...parts, images: parts.images.map((image) => ({ ...image, sha256: '' })), origin: '' } as never;
    const fetched = (addonNames: string[]) => new Set(imagesFor(bill, 'routes', addonNames).map(({ addon }) => addon));

    expect(fetched([])).toEqual(new Set([undefined]));
    expect(fetched(['coredns', 'cinder-csi'])).toEqual(new Set([undefined, 'coredns', 'cinder-csi']));
  });
});

it('what holds the credential of the cluster is for nodes with a label that no kubelet can give itself', () => {
  const holders = plan(ALL)
    .flatMap(({ params }) => objectsOf(params.manifest ?? ''))
    .map(({ spec }) => spec?.template?.spec)
    .filter((pod) => pod?.volumes?.some(({ secret }) => secret?.secretName === 'cloud-config'));

  expect(holders.length).toBeGreaterThanOrEqual(2);
  for (const pod of holders) {
    expect(pod?.nodeSelector).toEqual({ 'node-restriction.kubernetes.io/bayou-role': 'master' });
  }
});

describe('what is filled in', () => {
  it('is the address and domain that pods were told', () => {
    const [dns] = plan({ service_cluster_ip_range: '172.30.0.0/16', dns_cluster_domain: 'shop.example' });
    const text = dns?.params.manifest ?? '';

    expect(objectsOf(text).find(({ kind }) => kind === 'Service')?.spec?.clusterIP).toBe('172.30.0.10');
    expect(text).toContain('kubernetes shop.example in-addr.arpa');
  });

  it('is the prefix before the last part of the name of every image', () => {
    const prefix = 'registry.example.org:5000/kubernetes/';
    const images = plan({ ...ALL, container_infra_prefix: prefix }).flatMap(({ params }) =>
      imagesOf(params.manifest ?? ''),
    );

    expect(images).toHaveLength(13);
    expect(images.filter((image) => !/^registry\.example\.org:5000\/kubernetes\/[a-z-]+:v[\d.]+$/.test(image))).toEqual(
      [],
    );
  });

  it.each([HOSTILE, 'a: b', 'x"', 'x\n- y', '@@DNS_DOMAIN@@', ''])(
    'is nothing but what its name promises: %j',
    (value) => {
      const values = {
        DNS_ADDRESS: '10.254.0.10',
        DNS_DOMAIN: 'cluster.local',
        COREDNS_IMAGE: 'registry.example/coredns:v1',
      };

      expect(manifest('coredns', values)).toContain('10.254.0.10');
      for (const name of Object.keys(values)) {
        expect(() => manifest('coredns', { ...values, [name]: value })).toThrow(`the value of ${name} is none`);
      }
    },
  );

  it('is known, each', () => {
    expect(() => manifest('coredns', {})).toThrow('coredns.yaml: nothing is known of DNS_DOMAIN');
  });
});

it('an NFS share is an export that is claimed for pods, and limits no other claim', () => {
  const text = plan({ nfs_server: '192.0.2.20', nfs_path: '/srv/share' }).at(-1)?.params.manifest ?? '';

  expect(objectsOf(text)).toMatchObject([
    {
      kind: 'PersistentVolume',
      spec: {
        storageClassName: '',
        persistentVolumeReclaimPolicy: 'Retain',
        claimRef: { namespace: 'default', name: 'nfs' },
        nfs: { server: '192.0.2.20', path: '/srv/share' },
      },
    },
    {
      kind: 'PersistentVolumeClaim',
      metadata: { namespace: 'default', name: 'nfs' },
      spec: { storageClassName: '', volumeName: 'nfs' },
    },
  ]);
});

describe('every manifest', () => {
  const files = ['addons', 'network'].flatMap((folder) =>
    readdirSync(templatePath('kubernetes', folder)).map((name) => templatePath('kubernetes', folder, name)),
  );

  it.each(files)('has images of tables only, which container_infra_prefix goes before: %s', (file) => {
    const images = [...readFileSync(file, 'utf8').matchAll(/image: *(\S+)/g)].map(([, image]) => image ?? '');

    expect(images.filter((image) => !/^"@@[A-Z_]+_IMAGE@@"$/.test(image))).toEqual([]);
  });
});

it('the image that holds a pod together has the prefix, too', () => {
  if (kubernetes === undefined) throw new Error('there is no driver of Kubernetes');
  const cluster = sampleCluster(kubernetes, { labels: { container_infra_prefix: 'registry.example:5000/k8s/' } });
  const [worker] = cluster.workers;
  if (worker === undefined) throw new Error('the sample has a worker');
  const { settings } = kubernetes.planNode(cluster.spec, plannedInfrastructure(cluster), worker);

  expect(settings.pause_image).toMatch(/^registry\.example:5000\/k8s\/pause:[\d.]+$/);
});

it.each(['http://registry:5000', 'registry:port', '10.0.0.0/8', 'a b', 'x"]'])(
  'an insecure registry is a host and its port, not %s',
  (insecureRegistry) => {
    if (kubernetes === undefined) throw new Error('there is no driver of Kubernetes');
    const { template } = sampleCluster(kubernetes).spec;
    const fieldsOf = (registry: string) =>
      kubernetes.validate({ ...template, insecureRegistry: registry }).map(({ field }) => field);

    expect(fieldsOf(insecureRegistry)).toContain('insecure_registry');
    expect(fieldsOf('registry.example:5000')).not.toContain('insecure_registry');
  },
);

describe('labels', () => {
  const names = (labels: Record<string, string>) => plan(labels).map(({ subject }) => subject);

  it('switch each add-on on and off, in the order of the table', () => {
    expect(names({})).toEqual(['coredns', 'metrics-server']);
    expect(names(ALL)).toEqual(addons.map(({ name }) => name));
    const switches = addons.filter(({ definition }) => definition.type !== 'text');
    expect(names(Object.fromEntries(switches.map(({ label }) => [label, 'false'])))).toEqual([]);
  });
});
