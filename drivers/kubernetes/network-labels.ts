import type { LabelDefinition } from '../label-definition.js';

/** Of the pods' network. Upstream has some for one network driver only; here pods have one network, whatever its driver. */
export const networkLabels: Readonly<Record<string, LabelDefinition>> = {
  pods_network_cidr: { type: 'cidr', default: '10.100.0.0/16', help: 'Addresses of pods. Default 10.100.0.0/16.' },
  flannel_network_cidr: { type: 'cidr', help: "Upstream's name of pods_network_cidr." },
  calico_ipv4pool: { type: 'cidr', help: "Upstream's name of pods_network_cidr." },
  flannel_network_subnetlen: {
    type: 'integer',
    min: 16,
    max: 28,
    default: '24',
    help: "The length of the prefix of each node's share of the pods' network, with routes too. Default 24. Calico shares it out by itself.",
  },
  flannel_backend: {
    type: 'choice',
    // udp is known to be upstream's, and refused with the reason.
    values: ['vxlan', 'host-gw', 'udp'],
    help: 'How flannel carries packets between nodes: vxlan, the default, in UDP; host-gw by routes. udp is refused.',
  },
  flannel_tag: {
    type: 'text',
    like: { pattern: /^v\d+\.\d+\.\d+$/, words: 'a version such as v0.27.0' },
    help: 'Version of flannel, of ghcr.io/flannel-io or container_infra_prefix. Default v0.27.0.',
  },
  flannel_cni_tag: {
    type: 'text',
    like: { pattern: /^v\d+\.\d+\.\d+(-flannel\d+)?$/, words: 'a version such as v1.7.1-flannel1' },
    help: 'Version of flannel-cni-plugin, from the same place. Default v1.7.1-flannel1.',
  },
  flannel_use_vxlan: { type: 'meaningless', help: 'It is flannel_backend now.' },
  calico_tag: {
    type: 'text',
    // Later ones have further kinds of objects, without which they do not start.
    like: { pattern: /^v3\.2[1-8]\.\d+$/, words: 'a version from v3.21 to v3.28, such as v3.26.4' },
    help: 'Version of Calico, of quay.io/calico or container_infra_prefix. Default v3.26.4; v3.28.2 from Kubernetes 1.29 on.',
  },
  calico_kube_controllers_tag: { type: 'meaningless', help: 'It is that of calico_tag.' },
  calico_ipv4pool_ipip: {
    type: 'choice',
    values: ['Always', 'CrossSubnet', 'Never', 'Off'],
    help: "Whether Calico wraps pods' packets between nodes in IP in IP. Default Off, as Never: the nodes route them.",
  },
};
