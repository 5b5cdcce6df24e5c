import type { AccessRule, CloudUse, ClusterSpec } from '../driver.js';
import type { LabelDefinition } from '../label-definition.js';
import { isTrue } from '../labels.js';
import { minorOf } from './versions.js';

type Labels = ClusterSpec['labels'];

const COMES_WITH_CLUSTERS = 'Default false: nodes hold no credential of the cloud unless their owner asks for it.';

/** What in a cluster uses the cloud by itself, each by the label that orders it. */
export const CLOUD_CONTROLLER = 'cloud_provider_enabled';
export const CINDER_CSI = 'cinder_csi_enabled';

export const cloudDefinitions = {
  [CLOUD_CONTROLLER]: {
    type: 'boolean',
    help: `The OpenStack cloud controller: load balancers of Octavia for Services, addresses and zones of nodes. ${COMES_WITH_CLUSTERS}`,
  },
  [CINDER_CSI]: {
    type: 'boolean',
    help: `Cinder's CSI driver: volumes for claims of pods, by a default StorageClass. ${COMES_WITH_CLUSTERS}`,
  },
} as const satisfies Record<string, LabelDefinition>;

const every = (service: string, path: string, ...methods: string[]): AccessRule[] =>
  methods.map((method) => ({ service, method, path }));

const READ = ['GET'];
const CHANGE = ['GET', 'POST', 'PUT', 'DELETE'];

/** What cloud-provider-openstack calls (pkg/openstack/loadbalancer.go, instances.go). */
const CONTROLLER_RULES = [
  ...every('load-balancer', '/**/lbaas/**', ...CHANGE),
  ...every('network', '/v2.0/**', ...READ),
  ...every('network', '/v2.0/floatingips', 'POST'),
  ...every('network', '/v2.0/floatingips/*', 'PUT', 'DELETE'),
  ...every('network', '/v2.0/security-group**', 'POST', 'DELETE'),
  ...every('network', '/v2.0/ports/*', 'PUT'),
  ...every('compute', '/v2.1/**', ...READ),
];

/** The same of its CSI driver (pkg/csi/cinder/openstack). */
const CSI_RULES = [
  ...every('compute', '/v2.1/**', ...READ),
  ...every('compute', '/v2.1/servers/*/os-volume_attachments', 'POST'),
  ...every('compute', '/v2.1/servers/*/os-volume_attachments/*', 'DELETE'),
  // Whichever of the two Cinder says that it is.
  ...['block-storage', 'volumev3'].flatMap((service) => every(service, '/v3/**', ...CHANGE)),
];

/**
 * Both name what they make after the cluster, which they are told the id of: load balancers and the description of their
 * floating addresses (pkg/openstack/loadbalancer.go), metadata of volumes (pkg/csi/cinder/controllerserver.go).
 */
export function cloudUse({ clusterId, labels }: Pick<ClusterSpec, 'clusterId' | 'labels'>): CloudUse | undefined {
  const [hasController, hasCsi] = [isTrue(labels[CLOUD_CONTROLLER]), isTrue(labels[CINDER_CSI])];
  if (!hasController && !hasCsi) return undefined;
  return {
    accessRules: [...(hasController ? CONTROLLER_RULES : []), ...(hasCsi ? CSI_RULES : [])].filter(
      (rule, index, all) => all.findIndex((each) => JSON.stringify(each) === JSON.stringify(rule)) === index,
    ),
    ...(hasController
      ? {
          loadBalancers: {
            namePrefix: `kube_service_${clusterId}_`,
            addressDescription: new RegExp(`^Floating IP for Kubernetes .+ from cluster ${clusterId}$`),
          },
        }
      : {}),
    ...(hasCsi ? { volumes: { 'cinder.csi.openstack.org/cluster': clusterId } } : {}),
  };
}

/** The first minor version whose controllers know of no cloud at all, nor of the option. */
const WITHOUT_CLOUDS = 33;

/** A node counts as initialized when the cloud controller has seen it; until then ordinary pods are kept away. */
export function cloudOptions(labels: Labels, version: string): { kubelet: string[]; controllers: string[] } {
  if (!isTrue(labels[CLOUD_CONTROLLER])) return { kubelet: [], controllers: [] };
  const option = ['--cloud-provider=external'];
  return { kubelet: option, controllers: minorOf(version) < WITHOUT_CLOUDS ? option : [] };
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** What cloud.conf says beside the credential. Without an id the controller takes the only external network there is. */
export function cloudSettings({ labels, template }: Pick<ClusterSpec, 'labels' | 'template'>): Record<string, string> {
  const { externalNetworkId = '' } = template;
  return isTrue(labels[CLOUD_CONTROLLER]) && UUID.test(externalNetworkId)
    ? { floating_network: externalNetworkId }
    : {};
}
