import type { CertificateProfile } from '../common/db/nodes.js';
import { CLUSTER_AUTHORITY, type MasterPort, type NodeIdentity, type Vip } from './driver.js';

/**
 * What a master shows users who come by any of its addresses. For servers only: signed by the authority that also signs
 * users, it must not open another master.
 */
export function serverProfile(node: NodeIdentity, port: MasterPort, vip: Vip | undefined): CertificateProfile {
  const further = [port.floatingAddress, vip?.address, vip?.floatingAddress];
  return {
    ca: CLUSTER_AUTHORITY,
    commonName: node.name,
    usages: ['server'],
    names: [node.name, 'localhost', '127.0.0.1', port.address, ...further.filter((address) => address !== undefined)],
  };
}
