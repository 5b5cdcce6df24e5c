import { commonLabels } from '../common-labels.js';
import type { LabelDefinition } from '../label-definition.js';
import { MIRROR_URL } from '../labels.js';
import { addonLabels } from './addons.js';
import { cloudTagLabels } from './cloud-addons.js';
import { networkLabels } from './network-labels.js';
import { nfsLabels } from './nfs.js';
import { PORT_MAPPING } from './port-mapping.js';

const ON_ITS_OWN = 'Its version comes with the Kubernetes version (kube_tag), from the bill of materials.';
const NO_AGENT = 'Nodes run no agent of Heat: they talk to Bayou by themselves.';
const NO_HELM = 'Add-ons are plain manifests; Helm is not used.';

/** What a Kubernetes cluster understands of labels, upstream's own included. */
export const kubernetesLabels: Readonly<Record<string, LabelDefinition>> = {
  ...commonLabels,
  kube_tag: {
    type: 'text',
    ofGroups: true,
    help: 'Kubernetes version, such as v1.20.2. Default: the newest that there is a bill of.',
    like: { pattern: /^v\d+\.\d+\.\d+$/, words: 'a version such as v1.20.2' },
  },
  kube_mirror: {
    type: 'text',
    ofGroups: true,
    like: MIRROR_URL,
    help: "URL of the mirror that nodes fetch their software from. Default: the service's own, or what the image has.",
  },
  container_infra_prefix: {
    type: 'text',
    like: {
      pattern: /^[a-z0-9.-]+(:\d+)?\/([a-z0-9._-]+\/)*$/,
      words: 'a registry and path with a slash at the end, such as registry.example.org:5000/kubernetes/',
    },
    default: 'registry.k8s.io/',
    help: "Registry, and path in it, of Kubernetes' own images, with a slash at the end. Default registry.k8s.io/.",
  },
  ...networkLabels,
  service_cluster_ip_range: {
    type: 'cidr',
    default: '10.254.0.0/16',
    help: 'Addresses of services. Default 10.254.0.0/16.',
  },
  dns_cluster_domain: {
    type: 'text',
    default: 'cluster.local',
    help: "Domain of the cluster's services. Default cluster.local.",
    like: {
      pattern: /^[a-z]([a-z0-9-]{0,30}[a-z0-9])?(\.[a-z]([a-z0-9-]{0,30}[a-z0-9])?){0,5}$/,
      words: 'a domain name',
    },
  },
  etcd_volume_size: {
    type: 'integer',
    min: 0,
    max: 16_384,
    default: '0',
    help: "GiB of each master's Cinder volume for etcd, which goes with the server. Default 0: the root disk.",
  },
  etcd_volume_type: { type: 'text', help: "Cinder type of the volumes for etcd. Default Cinder's own choice." },
  api_server_sans: {
    type: 'text',
    like: {
      pattern:
        /^[A-Za-z0-9]([A-Za-z0-9.:-]{0,251}[A-Za-z0-9])?(, ?[A-Za-z0-9]([A-Za-z0-9.:-]{0,251}[A-Za-z0-9])?){0,31}$/,
      words: 'names and addresses, 32 at most, separated by commas',
    },
    help: 'Further names and addresses of the API, in its certificate, separated by commas.',
  },
  port_mapping: {
    type: 'text',
    help: 'Services on the one floating address of the masters, by port: pairs of a port and a node port, 80:30080,443:30443.',
    like: PORT_MAPPING,
  },
  cert_manager_api: {
    type: 'boolean',
    default: 'false',
    help: "Whether masters get the private key of the cluster's authority, so that its controllers sign what the API certificates.k8s.io approves. Default false: the key leaves Bayou for nobody.",
  },
  cgroup_driver: {
    type: 'choice',
    ofGroups: true,
    values: ['systemd', 'cgroupfs'],
    default: 'systemd',
    help: 'Who keeps the control groups of containers. Default systemd.',
  },
  ...addonLabels,
  ...nfsLabels,
  ...cloudTagLabels,
  csi_snapshotter_tag: { type: 'meaningless', help: 'Snapshots of claims are not set up.' },
  use_podman: { type: 'meaningless', help: 'The control plane runs as services of systemd, in no container.' },
  hyperkube_prefix: { type: 'meaningless', help: 'There is no hyperkube any more; see kube_mirror.' },
  kube_image_digest: { type: 'meaningless', help: 'The bill of materials has the sum of every file.' },
  heat_container_agent_tag: { type: 'meaningless', help: NO_AGENT },
  etcd_tag: { type: 'meaningless', help: ON_ITS_OWN },
  containerd_version: { type: 'meaningless', help: ON_ITS_OWN },
  container_runtime: { type: 'meaningless', help: 'It is containerd, always.' },
  ostree_commit: { type: 'meaningless', help: "The image's owner keeps the image up to date." },
  ostree_remote: { type: 'meaningless', help: "The image's owner keeps the image up to date." },
  selinux_mode: { type: 'meaningless', help: 'It stays as the image has it.' },
  tiller_enabled: { type: 'meaningless', help: NO_HELM },
  tiller_tag: { type: 'meaningless', help: NO_HELM },
  helm_client_tag: { type: 'meaningless', help: NO_HELM },
  helm_client_url: { type: 'meaningless', help: NO_HELM },
  heapster_enabled: { type: 'meaningless', help: 'Heapster was given up in 2018.' },
};
