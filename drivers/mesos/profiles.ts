import { MASTER_ROLE } from '../../common/db/node-groups.js';
import type { CertificateProfile } from '../../common/db/nodes.js';
import type { ClusterSpec, Infrastructure, MasterPort, NodeIdentity } from '../driver.js';
import { serverProfile } from '../server-profile.js';
import { EDGE_ROLE, hasDiscovery } from './discovery.js';

/** Nobody but it opens etcd: what the edge holds opens nothing else. */
export const ETCD_AUTHORITY = 'etcd';

type Profiles = Record<string, CertificateProfile>;

/** Users' certificates are signed by `cluster`, and no node has one. An agent has none at all. */
export function certificateProfiles(spec: ClusterSpec, infrastructure: Infrastructure, node: NodeIdentity): Profiles {
  const port = infrastructure.masterPorts[node.name];
  const discovers = hasDiscovery(spec.labels);
  if (node.role === MASTER_ROLE && port !== undefined) {
    return {
      'api-server': serverProfile(node, port, infrastructure.vip),
      ...(discovers ? etcdProfiles(node, port) : {}),
    };
  }
  return node.role === EDGE_ROLE && discovers ? { 'etcd-edge': etcdClient('edge') } : {};
}

function etcdProfiles(node: NodeIdentity, { address }: MasterPort): Profiles {
  const member: CertificateProfile = {
    ca: ETCD_AUTHORITY,
    commonName: node.name,
    // Its own gateway shows the server's certificate as a client (etcd-io/etcd#9785).
    usages: ['server', 'client'],
    names: [node.name, address, 'localhost', '127.0.0.1'],
  };
  return { 'etcd-server': member, 'etcd-peer': member, 'etcd-client': etcdClient('root') };
}

/** etcd takes the common name for its user's. */
function etcdClient(user: string): CertificateProfile {
  return { ca: ETCD_AUTHORITY, commonName: user, usages: ['client'], names: [] };
}
