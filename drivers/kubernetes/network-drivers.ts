import type { ClusterSpec } from '../driver.js';
import { type Tags, tagFor, withPrefix } from './images.js';
import { manifest } from './manifest.js';
import { podNetwork } from './networks.js';

type Labels = ClusterSpec['labels'];

interface NetworkImage {
  name: string;
  /** The label that names another tag. */
  label: string;
  tags: Tags;
}

/** How pods of different nodes reach each other. */
interface NetworkDriver {
  /** By the placeholder of `templates/kubernetes/network/<name>.yaml`, without `_IMAGE`. None: the nodes do it by themselves. */
  images: Readonly<Record<string, NetworkImage>>;
  /** Whether Kubernetes' controllers give each node a share of the pods' network. */
  hasShares: boolean;
  /** Whether packets leave a node under the pods' own addresses, which Neutron lets nobody do who is not allowed to. */
  showsPods: (labels: Labels) => boolean;
  /** A HOT file of what nodes need beside TCP and UDP among each other. */
  rules: (labels: Labels) => string | undefined;
  /** How long a node waits to be Ready: images of the network are fetched meanwhile. */
  readySeconds: number;
}

/** As upstream's label says it, for Calico. */
const IPIP: Readonly<Record<string, string>> = { Off: 'Never' };

const flannelBackend = (labels: Labels) => labels.flannel_backend ?? 'vxlan';
const ipip = ({ calico_ipv4pool_ipip: wanted = 'Off' }: Labels) => IPIP[wanted] ?? wanted;

const FLANNEL_TAGS: Tags = [{ before: undefined, tag: 'v0.27.0' }];
const FLANNEL_CNI_TAGS: Tags = [{ before: undefined, tag: 'v1.7.1-flannel1' }];
const CALICO_TAGS: Tags = [
  { before: 29, tag: 'v3.26.4' },
  { before: undefined, tag: 'v3.28.2' },
];
const calicoImage = (name: string): NetworkImage => ({
  name: `quay.io/calico/${name}`,
  label: 'calico_tag',
  tags: CALICO_TAGS,
});

/** By the template's `network_driver`. Versions as `sources.yaml` has them for mirrors. */
const NETWORK_DRIVERS: Readonly<Record<string, NetworkDriver>> = {
  routes: { images: {}, hasShares: true, showsPods: () => true, rules: () => undefined, readySeconds: 180 },
  flannel: {
    images: {
      FLANNEL: { name: 'ghcr.io/flannel-io/flannel', label: 'flannel_tag', tags: FLANNEL_TAGS },
      FLANNEL_CNI: { name: 'ghcr.io/flannel-io/flannel-cni-plugin', label: 'flannel_cni_tag', tags: FLANNEL_CNI_TAGS },
    },
    hasShares: true,
    showsPods: (labels) => flannelBackend(labels) === 'host-gw',
    rules: () => undefined,
    readySeconds: 600,
  },
  calico: {
    images: {
      CALICO_NODE: calicoImage('node'),
      CALICO_CNI: calicoImage('cni'),
      CALICO_CONTROLLERS: calicoImage('kube-controllers'),
    },
    hasShares: false,
    // Even across subnets: within one it wraps nothing.
    showsPods: (labels) => ipip(labels) !== 'Always',
    rules: (labels) => (ipip(labels) === 'Never' ? undefined : 'kubernetes/security-groups-ipip.yaml'),
    readySeconds: 600,
  },
};

export const DEFAULT_NETWORK_DRIVER = 'routes';

export const networkDrivers: readonly string[] = Object.keys(NETWORK_DRIVERS);

/** @throws Error for none that an order could have had */
export function networkDriver(name: string = DEFAULT_NETWORK_DRIVER): NetworkDriver {
  const driver = Object.hasOwn(NETWORK_DRIVERS, name) ? NETWORK_DRIVERS[name] : undefined;
  if (driver === undefined) throw new Error(`There is no network driver ${name}`);
  return driver;
}

/** What nodes send from besides their own addresses; undefined: nothing. */
export function shownNetwork(name: string | undefined, labels: Labels): string | undefined {
  return networkDriver(name).showsPods(labels) ? podNetwork(labels) : undefined;
}

/** What must be in the cluster before any node is Ready; undefined: nothing. */
export function networkManifest({ labels, template }: ClusterSpec): string | undefined {
  const name = template.networkDriver ?? DEFAULT_NETWORK_DRIVER;
  const images = Object.entries(networkDriver(name).images);
  if (images.length === 0) return undefined;
  const own = images.map(([placeholder, image]) => [`${placeholder}_IMAGE`, imageName(image, labels)]);
  return manifest(
    name,
    {
      POD_NETWORK: podNetwork(labels),
      FLANNEL_BACKEND: flannelBackend(labels),
      CALICO_IPIP: ipip(labels),
      ...Object.fromEntries(own),
    },
    'network',
  );
}

/** Every cluster has its version settled. */
const ANY_VERSION = 'v1.999.0';

function imageName({ name, label, tags }: NetworkImage, labels: Labels): string {
  return withPrefix(
    `${name}:${labels[label] ?? tagFor(tags, labels.kube_tag ?? ANY_VERSION)}`,
    labels.container_infra_prefix,
  );
}
