import { type AuthorityRole, findAuthorityRecord } from './authorities.js';
import type { CertificateRecord } from './db/certificates.js';
import { clusters, type RotationStage } from './db/clusters.js';
import type { Query } from './db/database.js';

/** The authority that users' clients know: it signs what they present, and what masters show them. */
export const USERS_AUTHORITY = 'cluster';

/**
 * The secret of a driver whose masters sign as that authority: `certificate` and `key` of the one that signs for users now,
 * as JSON. The only way in which the key of a cluster's authority leaves Bayou.
 */
export const SIGNING_AUTHORITY = 'signing-authority';

/**
 * Stages in which a client may still know no other authority than the previous one, so that what users check is signed
 * by that. The old one can't vouch for the new: both end at once, by the path length of authorities (RFC 5280, 4.2.1.9).
 */
const OLD_CLIENTS: readonly (RotationStage | undefined)[] = ['issue', 'open'];

const TRUSTED: readonly AuthorityRole[] = ['current', 'next', 'previous'];

export interface TrustedAuthority {
  role: AuthorityRole;
  record: CertificateRecord;
}

/** All that may have signed what is trusted; the first one signs for users. Empty when nobody made it yet. */
export async function trustedAuthorities(query: Query, owner: string, name: string): Promise<TrustedAuthority[]> {
  const trusted: TrustedAuthority[] = [];
  for (const role of TRUSTED) {
    const record = await findAuthorityRecord(query, owner, name, role);
    if (record !== undefined) trusted.push({ role, record });
  }
  return trusted;
}

/** The same for nodes of a cluster: the first one signs their certificates. */
export async function authoritiesForNodes(query: Query, clusterId: string, name: string): Promise<TrustedAuthority[]> {
  const trusted = await trustedAuthorities(query, clusterId, name);
  if (name !== USERS_AUTHORITY || trusted.length <= 1) return trusted;
  const cluster = await clusters.find(query, { uuid: clusterId });
  if (!OLD_CLIENTS.includes(cluster?.caRotation)) return trusted;
  return trusted.toSorted((a, b) => Number(b.role === 'previous') - Number(a.role === 'previous'));
}

/** PEM, one after the other. */
export function bundleOf(trusted: readonly TrustedAuthority[]): string {
  return trusted.map(({ record }) => record.pem).join('\n');
}
