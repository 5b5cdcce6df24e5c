import { MASTER_ROLE } from '../../common/db/node-groups.js';
import type { CertificateProfile } from '../../common/db/nodes.js';
import {
  CLUSTER_AUTHORITY,
  type ClusterSpec,
  type Infrastructure,
  type MasterPort,
  type NodeIdentity,
} from '../driver.js';
import { apiServiceAddress, dnsDomain } from './networks.js';

/**
 * Authorities beside `cluster`, which signs users and the API's own certificate. What nodes hold comes from `nodes`:
 * the API believes both, and the name in a node's certificate is never the node's choice. Nobody but `etcd` opens etcd.
 */
export const NODES_AUTHORITY = 'nodes';
export const ETCD_AUTHORITY = 'etcd';
/** Of the API when it passes requests on to others' APIs. */
export const FRONT_PROXY_AUTHORITY = 'front-proxy';

const SHORT_LIVED_MINUTES = 60;

type Profiles = Record<string, CertificateProfile>;

/** Subjects as Kubernetes' authorizers and default roles name them (kubernetes.io, "PKI certificates and requirements"). */
export function certificateProfiles(spec: ClusterSpec, infrastructure: Infrastructure, node: NodeIdentity): Profiles {
  const port = infrastructure.masterPorts[node.name];
  const client = (commonName: string, organization?: string): CertificateProfile => ({
    ca: NODES_AUTHORITY,
    commonName,
    ...(organization === undefined ? {} : { organization }),
    usages: ['client'],
    names: [],
  });
  return {
    kubelet: client(`system:node:${node.name}`, 'system:nodes'),
    'kubelet-server': {
      ca: NODES_AUTHORITY,
      commonName: node.name,
      usages: ['server'],
      // Of a worker the address is not known yet: the API goes by names, which masters look up in /etc/hosts.
      names: port === undefined ? [node.name] : [node.name, port.address],
    },
    'kube-proxy': client('system:kube-proxy'),
    ...(node.role === MASTER_ROLE && port !== undefined
      ? masterProfiles(spec, infrastructure, node, port, client)
      : {}),
  };
}

function masterProfiles(
  spec: ClusterSpec,
  infrastructure: Infrastructure,
  node: NodeIdentity,
  port: MasterPort,
  client: (commonName: string, organization?: string) => CertificateProfile,
): Profiles {
  const etcd = (usages: CertificateProfile['usages'], commonName = node.name): CertificateProfile => ({
    ca: ETCD_AUTHORITY,
    commonName,
    usages,
    names: usages.includes('server') ? [node.name, port.address, 'localhost', '127.0.0.1'] : [],
  });
  return {
    'kube-apiserver': {
      ca: CLUSTER_AUTHORITY,
      commonName: 'kube-apiserver',
      usages: ['server'],
      names: apiNames(spec, infrastructure, node, port),
    },
    'apiserver-kubelet-client': client('bayou:apiserver-kubelet-client'),
    'kube-controller-manager': client('system:kube-controller-manager'),
    'kube-scheduler': client('system:kube-scheduler'),
    'node-manager': client('bayou:node-manager'),
    // Add-ons give rights of any kind: the bootstrap binds it to cluster-admin, which its owner can take back.
    addons: { ...client('bayou:addons'), lifetimeMinutes: SHORT_LIVED_MINUTES },
    'front-proxy-client': { ...client('front-proxy-client'), ca: FRONT_PROXY_AUTHORITY },
    // Its own gateway shows the server's certificate as a client (etcd-io/etcd#9785).
    'etcd-server': etcd(['server', 'client']),
    'etcd-peer': etcd(['server', 'client']),
    'etcd-client': etcd(['client'], 'kube-apiserver'),
    ...(node.ordinal === 0 ? { bootstrap: bootstrap(client) } : {}),
  };
}

/** The one right over everything: for an hour, for one key, and told. The first master gives the others theirs with it. */
function bootstrap(client: (commonName: string, organization: string) => CertificateProfile): CertificateProfile {
  return { ...client('bayou:bootstrap', 'system:masters'), lifetimeMinutes: SHORT_LIVED_MINUTES, once: true };
}

/** Every name and address by which a client may come. */
function apiNames(spec: ClusterSpec, { vip }: Infrastructure, node: NodeIdentity, port: MasterPort): string[] {
  const service = 'kubernetes.default.svc';
  const further = [port.floatingAddress, vip?.address, vip?.floatingAddress];
  return [
    node.name,
    'localhost',
    '127.0.0.1',
    'kubernetes',
    'kubernetes.default',
    service,
    `${service}.${dnsDomain(spec.labels)}`,
    apiServiceAddress(spec.labels),
    port.address,
    ...further.filter((address) => address !== undefined),
    ...furtherNames(spec.labels),
  ];
}

function furtherNames(labels: Readonly<Record<string, string>>): string[] {
  return (labels.api_server_sans ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '');
}
