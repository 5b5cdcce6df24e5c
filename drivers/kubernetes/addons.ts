import type { Node } from '../../common/db/nodes.js';
import type { ClusterSpec, NodeTaskPlan } from '../driver.js';
import type { LabelDefinition } from '../label-definition.js';
import { isTrue } from '../labels.js';
import { latestMaster } from '../master-tasks.js';
import type { Addon, Image } from './addon.js';
import { cinderCsi, cloudController } from './cloud-addons.js';
import { withPrefix } from './images.js';
import { manifest } from './manifest.js';
import { dnsAddress, dnsDomain } from './networks.js';
import { nfsShare, nfsValues } from './nfs.js';
import { forVersion } from './versions.js';

const COREDNS = 'registry.k8s.io/coredns/coredns';
const INGRESS_NGINX = 'registry.k8s.io/ingress-nginx/controller';

/** In the order in which they come; the cloud controller first, for whom nodes wait. Mirrors get images by this table, too. */
export const addons: readonly Addon[] = [
  cloudController,
  {
    name: 'coredns',
    label: 'coredns_enabled',
    ...byDefault("CoreDNS, which pods look the names of the cluster's services up in."),
    images: {
      COREDNS: [
        { before: 22, image: `${COREDNS}:v1.8.0` },
        { before: 24, image: `${COREDNS}:v1.8.4` },
        { before: 25, image: `${COREDNS}:v1.8.6` },
        { before: 27, image: `${COREDNS}:v1.9.3` },
        { before: 29, image: `${COREDNS}:v1.10.1` },
        { before: 31, image: `${COREDNS}:v1.11.1` },
        { before: 33, image: `${COREDNS}:v1.11.3` },
        { before: 34, image: `${COREDNS}:v1.12.0` },
        { before: undefined, image: `${COREDNS}:v1.12.1` },
      ],
    },
  },
  {
    name: 'metrics-server',
    label: 'metrics_server_enabled',
    ...byDefault('The metrics server, which "kubectl top" and autoscalers of pods ask.'),
    images: {
      METRICS_SERVER: [{ before: undefined, image: 'registry.k8s.io/metrics-server/metrics-server:v0.7.2' }],
    },
  },
  {
    name: 'dashboard',
    label: 'kube_dashboard_enabled',
    definition: { type: 'boolean', default: 'false', help: "Kubernetes' dashboard for browsers. Default false." },
    isOrdered: isTrue,
    images: {
      // From 2.4 on it asks for CronJobs of batch/v1, which came with 1.21.
      DASHBOARD: [
        { before: 21, image: 'docker.io/kubernetesui/dashboard:v2.2.0' },
        { before: undefined, image: 'docker.io/kubernetesui/dashboard:v2.7.0' },
      ],
      SCRAPER: [
        { before: 21, image: 'docker.io/kubernetesui/metrics-scraper:v1.0.6' },
        { before: undefined, image: 'docker.io/kubernetesui/metrics-scraper:v1.0.8' },
      ],
    },
  },
  {
    name: 'ingress-nginx',
    label: 'ingress_controller',
    definition: { type: 'choice', values: ['nginx'], help: 'An ingress controller, on node ports. Default none.' },
    isOrdered: (value) => value === 'nginx',
    images: {
      CONTROLLER: [
        { before: 25, image: `${INGRESS_NGINX}:v1.3.1` },
        { before: 28, image: `${INGRESS_NGINX}:v1.9.6` },
        { before: 32, image: `${INGRESS_NGINX}:v1.12.1` },
        { before: 34, image: `${INGRESS_NGINX}:v1.13.0` },
        { before: undefined, image: `${INGRESS_NGINX}:v1.14.0` },
      ],
    },
  },
  cinderCsi,
  nfsShare,
];

function byDefault(help: string): Pick<Addon, 'definition' | 'isOrdered'> {
  const isOrdered = (value: string | undefined) => value === undefined || isTrue(value);
  return { definition: { type: 'boolean', default: 'true', help: `${help} Default true.` }, isOrdered };
}

/** Until an add-on that has been taken by the API must be available; its image is fetched meanwhile. */
const READY_SECONDS = 120;

export const addonLabels: Readonly<Record<string, LabelDefinition>> = Object.fromEntries(
  addons.map(({ label, definition }) => [label, definition]),
);

type Labels = ClusterSpec['labels'];

export function addonsOf(labels: Labels): readonly Addon[] {
  return addons.filter(({ label, isOrdered }) => isOrdered(labels[label]));
}

/** Images of all add-ons for a version of Kubernetes, as their publishers name them. */
export function imagesOfAddons(version: string): { addon: string; name: string }[] {
  return addons.flatMap(({ name: addon, images }) =>
    Object.values(images).map((image) => ({ addon, name: forVersion(image, version).image })),
  );
}

/** Whether there is something of it to see at work. */
export function hasPods({ images }: Addon): boolean {
  return Object.keys(images).length > 0;
}

/** All on one master, in their order. It need not be ready: a task that nobody does is given up and told. */
export function planAddons(spec: ClusterSpec, nodes: readonly Node[], version: string): NodeTaskPlan[] {
  const runOn = latestMaster(nodes);
  if (runOn === undefined) return [];
  return addonsOf(spec.labels).map((addon) => ({
    runOn,
    name: 'addon',
    subject: addon.name,
    params: {
      name: addon.name,
      manifest: manifest(addon.name, valuesOf(addon, spec, version)),
      uses_cloud: String(addon.usesCloud === true),
      has_pods: String(hasPods(addon)),
      timeout_seconds: String(READY_SECONDS),
    },
  }));
}

/** Has the add-ons that use the cloud take up what is new in `CLOUD_CREDENTIAL`. */
export function planCredentialRenewal(spec: ClusterSpec, nodes: readonly Node[]): NodeTaskPlan[] {
  const runOn = latestMaster(nodes);
  if (runOn === undefined) return [];
  const users = addonsOf(spec.labels).filter(({ usesCloud }) => usesCloud === true);
  const params = { addons: users.map(({ name }) => name).join(','), timeout_seconds: String(READY_SECONDS) };
  return [{ runOn, name: 'cloud-credential', subject: spec.clusterId, params }];
}

function valuesOf(
  { images, tags = {} }: Addon,
  { labels, clusterId }: Pick<ClusterSpec, 'labels' | 'clusterId'>,
  version: string,
): Record<string, string> {
  const own = Object.entries(images).map(([name, image]) => {
    const tag = labels[tags[name] ?? ''];
    return [`${name}_IMAGE`, withTag(imageFor(image, labels, version), tag)];
  });
  return {
    CLUSTER_ID: clusterId,
    DNS_ADDRESS: dnsAddress(labels),
    DNS_DOMAIN: dnsDomain(labels),
    ...nfsValues(labels),
    ...Object.fromEntries(own),
  };
}

function withTag(image: string, tag: string | undefined): string {
  return tag === undefined ? image : `${image.slice(0, image.lastIndexOf(':'))}:${tag}`;
}

function imageFor(images: Image, { container_infra_prefix: prefix }: Labels, version: string): string {
  const { image: usual } = forVersion(images, version);
  return withPrefix(usual, prefix);
}
