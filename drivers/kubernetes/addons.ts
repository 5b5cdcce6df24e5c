import type { Node } from '../../common/db/nodes.js';
import type { ClusterSpec, LabelDefinition, NodeTaskPlan } from '../driver.js';
import { isTrue } from '../labels.js';
import { latestMaster } from '../master-tasks.js';
import { manifest } from './manifest.js';
import { dnsAddress, dnsDomain } from './networks.js';
import { forVersion } from './versions.js';

/** An image, by the minor versions of Kubernetes that it is for: each is good below `before`, the first that fits counts. */
type Image = readonly { before: number | undefined; image: string }[];

/** One manifest of `templates/kubernetes/addons/`. Its Deployments and their pods have the label `magnum.openstack.org/addon`. */
export interface Addon {
  name: string;
  /** The label of clusters that orders it, or does without it. */
  label: string;
  definition: LabelDefinition;
  /** Whether that value of the label orders it. */
  isOrdered: (value: string | undefined) => boolean;
  /** By the placeholder of its manifest, without `_IMAGE`. */
  images: Readonly<Record<string, Image>>;
}

const COREDNS = 'registry.k8s.io/coredns/coredns';
const INGRESS_NGINX = 'registry.k8s.io/ingress-nginx/controller';

/** In the order in which they come. Versions as `sources.yaml` has them for mirrors, or as the add-on's own table says. */
export const addons: readonly Addon[] = [
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
    definition: { type: 'boolean', help: "Kubernetes' dashboard for browsers. Default false." },
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
];

function byDefault(help: string): Pick<Addon, 'definition' | 'isOrdered'> {
  const isOrdered = (value: string | undefined) => value === undefined || isTrue(value);
  return { definition: { type: 'boolean', help: `${help} Default true.` }, isOrdered };
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
      manifest: manifest(addon.name, valuesOf(addon, spec.labels, version)),
      timeout_seconds: String(READY_SECONDS),
    },
  }));
}

function valuesOf({ images }: Addon, labels: Labels, version: string): Record<string, string> {
  const own = Object.entries(images).map(([name, image]) => [`${name}_IMAGE`, imageFor(image, labels, version)]);
  return { DNS_ADDRESS: dnsAddress(labels), DNS_DOMAIN: dnsDomain(labels), ...Object.fromEntries(own) };
}

/** The prefix takes the place of everything before the last part of the name, as in upstream's drivers. */
function imageFor(images: Image, { container_infra_prefix: prefix }: Labels, version: string): string {
  const { image: usual } = forVersion(images, version);
  return prefix === undefined ? usual : `${prefix}${usual.slice(usual.lastIndexOf('/') + 1)}`;
}
