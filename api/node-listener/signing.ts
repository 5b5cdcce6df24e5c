import { NODE_AUTHORITY } from '../../common/authorities.js';
import { certificates } from '../../common/db/certificates.js';
import { SERVICE_OWNER } from '../../common/db/secrets.js';
import { ServiceError } from '../../common/errors.js';
import { type ProfileSignature, type SignedCertificate, signRequest, validFor } from '../../common/x509.js';
import type { ListenerContext } from './context.js';

interface Wanted extends Pick<ProfileSignature, 'authority' | 'csrPem' | 'names' | 'subject' | 'usages'> {
  nodeId: string;
  /** Whose certificate it is in the records, and by what name. */
  owner: string;
  name: string;
  days: number;
}

/** Signs and records. A node gets a limited number of signatures. */
export async function signForNode(context: ListenerContext, wanted: Wanted): Promise<SignedCertificate> {
  const { clock, db, ids } = context.deps;
  const now = clock.now();
  const { nodeId, owner, name, days, ...request } = wanted;
  if (!context.limits.signatures.take(nodeId, now)) {
    throw new ServiceError('too_many', 'This node had too many certificates signed', { retryAfterSeconds: 60 });
  }
  const signed = await signRequest({ ...request, ...validFor(days, now) });
  await db.transaction('certificate-record', (trx) =>
    certificates.insert(trx, {
      uuid: ids.uuid(),
      owner,
      kind: 'issued',
      name,
      nodeId,
      serial: signed.serial,
      subject: signed.subject,
      pem: signed.pem,
      notAfter: signed.notAfter,
      createdAt: now,
    }),
  );
  return signed;
}

/** The certificate with which a node proves who it is: its own uuid and its cluster's, for a client, nothing else. */
export function signIdentity(
  context: ListenerContext,
  node: { uuid: string; clusterId: string },
  csrPem: string,
): Promise<SignedCertificate> {
  return signForNode(context, {
    nodeId: node.uuid,
    owner: SERVICE_OWNER,
    name: NODE_AUTHORITY,
    authority: context.authority,
    csrPem,
    subject: { commonName: node.uuid, organization: node.clusterId },
    usages: ['client'],
    days: context.config.certificateDays,
  });
}
