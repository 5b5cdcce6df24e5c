import type { Query } from './database.js';
import { Table } from './table.js';

/**
 * Certificates that Bayou signed, its CAs among them, until their cluster or node is gone; those by which nodes prove who
 * they are until they have ended. Private keys of CAs are sealed `secrets`.
 */
export interface CertificateRecord {
  id: number;
  uuid: string;
  /** A cluster's uuid or `service`. */
  owner: string;
  kind: 'ca' | 'issued';
  /** Of a CA its name (`cluster`, `node`), of others the profile. */
  name: string;
  /** `<owner>:<name>` of a CA, so that two processes can't make it twice. */
  caKey: string | undefined;
  nodeId: string | undefined;
  serial: string;
  subject: string;
  pem: string;
  notAfter: number;
  createdAt: number;
}

export const certificates = new Table<CertificateRecord>('certificates', {
  id: 'number',
  uuid: 'text',
  owner: 'text',
  kind: 'text',
  name: 'text',
  caKey: 'text',
  nodeId: 'text',
  serial: 'text',
  subject: 'text',
  pem: 'text',
  notAfter: 'number',
  createdAt: 'number',
});

/** Those of a node's certificates of this name that have ended. */
export async function removeEnded(
  query: Query,
  of: Pick<CertificateRecord, 'owner' | 'name'> & { nodeId: string },
  now: number,
): Promise<void> {
  await certificates.rows(query).where(certificates.toRow(of)).where('not_after', '<', now).delete();
}

/** When the last of a node's certificates of this name ends; undefined when it never had one. */
export async function lastEnd(
  query: Query,
  of: Pick<CertificateRecord, 'owner' | 'name'> & { nodeId: string },
): Promise<number | undefined> {
  const row = await certificates.rows(query).where(certificates.toRow(of)).max({ end: 'not_after' }).first();
  return row?.end === null || row?.end === undefined ? undefined : Number(row.end);
}
