import { MASTER_ROLE } from '../../common/db/node-groups.js';
import { type Bill, filesFor, imagesFor } from '../bill.js';
import type { ClusterSpec, Infrastructure, NodeIdentity, NodePlan } from '../driver.js';
import { LOAD_BALANCER_STEP, loadBalancerOf } from '../load-balancer.js';
import { mastersOf } from '../master-ports.js';
import { accessAddress, templateSettings } from '../node-settings.js';
import { volumeSteps } from '../node-volumes.js';
import { addonsOf, hasPods } from './addons.js';
import { cloudOptions, cloudSettings } from './cloud-use.js';
import { API_PORT, signsRequests } from './infrastructure.js';
import { DEFAULT_NETWORK_DRIVER, networkDriver } from './network-drivers.js';
import { dnsAddress, dnsDomain, nodeNetworkBits, podNetwork, serviceNetwork } from './networks.js';
import { hasNfs } from './nfs.js';
import { publishedPorts } from './port-mapping.js';
import { certificateProfiles } from './profiles.js';
import { differencesOf } from './versions.js';
import { planVolumes } from './volumes.js';

const IMAGES = 'registry.k8s.io/';

/** What a node needs to know of the software beside the cluster. */
export interface Software {
  bill: Bill;
  /** Without one everything is on the image. */
  mirrorUrl: string | undefined;
}

export function planNode(
  spec: ClusterSpec,
  infrastructure: Infrastructure,
  node: NodeIdentity,
  software: Software,
): NodePlan {
  const port = infrastructure.masterPorts[node.name];
  const isMaster = node.role === MASTER_ROLE && port !== undefined;
  const provider = loadBalancerOf(spec);
  const published = publishedPorts(spec.labels);
  // A single master's HAProxy has nothing before the API, and publishes ports only.
  const haproxy = isMaster && (provider === 'haproxy' || (provider === undefined && published.length > 0));
  const group = spec.groups.find(({ uuid }) => uuid === node.nodeGroupId);
  return {
    settings: {
      ...templateSettings(spec),
      ...softwareSettings(spec, node, software),
      ...networkSettings(spec, infrastructure, node),
      shared_address: haproxy ? (infrastructure.vip?.address ?? '') : '',
      published_ports: published.map(({ port: from, nodePort }) => `${from}:${nodePort}`),
      volume_folder: '/var/lib/containerd',
      container_service: 'containerd',
      insecure_registry: spec.template.insecureRegistry ?? '',
      nfs: hasNfs(spec.labels),
      cgroup_driver: group?.labels.cgroup_driver ?? spec.labels.cgroup_driver ?? 'systemd',
      node_labels: nodeLabels(node, group?.name ?? '', group?.nodeLabels ?? {}),
      cloud: isMaster ? cloudSettings(spec) : {},
      signs_requests: isMaster && signsRequests(spec.labels),
      addons: isMaster
        ? addonsOf(spec.labels)
            .filter(hasPods)
            .map(({ name }) => name)
        : [],
      node_taints: nodeTaints(isMaster, software.bill.version, group?.nodeTaints ?? []),
    },
    steps: [
      ...(group === undefined ? [] : volumeSteps(planVolumes(group, spec.labels))),
      'software',
      'container-runtime',
      ...(isMaster ? ['etcd', 'control-plane'] : []),
      ...(haproxy ? [LOAD_BALANCER_STEP] : []),
      ...(isMaster && node.ordinal === 0 ? ['bootstrap', ...networkSteps(spec)] : []),
      'kubelet',
      ...(spec.template.registryEnabled ? ['registry'] : []),
      'node-ready',
    ],
    certificateProfiles: certificateProfiles(spec, infrastructure, node),
  };
}

function softwareSettings(spec: ClusterSpec, { role }: NodeIdentity, { bill, mirrorUrl }: Software) {
  const prefix = spec.labels.container_infra_prefix;
  const { kubeletOptions, controlPlaneOptions, pauseTag } = differencesOf(bill.version);
  const cloud = cloudOptions(spec.labels, bill.version);
  const addons = addonsOf(spec.labels).map(({ name }) => name);
  const images = imagesFor(bill, spec.template.networkDriver, addons);
  return {
    kubernetes_version: bill.version,
    kubelet_options: [...kubeletOptions, ...cloud.kubelet],
    control_plane_options: [...controlPlaneOptions],
    controller_options: cloud.controllers,
    mirror: mirrorUrl ?? '',
    files: mirrorUrl === undefined ? [] : filesFor(bill, role),
    images:
      mirrorUrl === undefined || prefix !== undefined
        ? []
        : images.map(({ name, path, sha256 }) => ({ name, path, sha256 })),
    pause_image: `${prefix ?? IMAGES}pause:${pauseTag}`,
  };
}

function networkSettings(spec: ClusterSpec, infrastructure: Infrastructure, node: NodeIdentity) {
  const masters = mastersOf(spec, infrastructure);
  const own = infrastructure.masterPorts[node.name]?.address;
  const networkName = spec.template.networkDriver ?? DEFAULT_NETWORK_DRIVER;
  const { hasShares, readySeconds } = networkDriver(networkName);
  return {
    masters,
    api_port: API_PORT,
    // A master goes by itself: it must not need the others to start.
    api_host: own ?? infrastructure.vip?.address ?? masters[0]?.address ?? '',
    network_driver: networkName,
    ready_seconds: readySeconds,
    pod_network: podNetwork(spec.labels),
    // Of each node; none where the network driver shares it out by itself.
    node_network_bits: hasShares ? String(nodeNetworkBits(spec.labels)) : '',
    service_network: serviceNetwork(spec.labels),
    dns_address: dnsAddress(spec.labels),
    dns_domain: dnsDomain(spec.labels),
  };
}

/** What no node is Ready without comes before any is there. */
function networkSteps({ template }: ClusterSpec): string[] {
  return Object.keys(networkDriver(template.networkDriver).images).length > 0 ? ['network'] : [];
}

/** kubelet may not give itself labels of kubernetes.io (NodeRestriction); upstream's two names are for those who select by them. */
function nodeLabels({ role }: NodeIdentity, group: string, own: Readonly<Record<string, string>>): string[] {
  const all = { ...own, 'magnum.openstack.org/role': role, 'magnum.openstack.org/nodegroup': group };
  return Object.entries(all).map(([name, value]) => `${name}=${value}`);
}

function nodeTaints(
  isMaster: boolean,
  version: string,
  own: readonly { key: string; value?: string; effect: string }[],
): { key: string; value: string; effect: string }[] {
  const master = isMaster ? [{ key: differencesOf(version).masterTaint, value: '', effect: 'NoSchedule' }] : [];
  return [...master, ...own.map(({ key, value = '', effect }) => ({ key, value, effect }))];
}

export function accessUrl(spec: ClusterSpec, infrastructure: Infrastructure): string {
  return `https://${accessAddress(spec, infrastructure)}:${API_PORT}`;
}
