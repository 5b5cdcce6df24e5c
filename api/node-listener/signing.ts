import { X509Certificate } from 'node:crypto';
import { NODE_AUTHORITY } from '../../common/authorities.js';
import { type CertificateRecord, certificates, removeEnded } from '../../common/db/certificates.js';
import { SERVICE_OWNER } from '../../common/db/secrets.js';
import { ServiceError } from '../../common/errors.js';
import { type ProfileSignature, type SignedCertificate, signRequest, validFor } from '../../common/x509.js';
import type { ListenerContext } from './context.js';
import type { NodeView } from './node-view.js';
import { lockNode, tellAlways } from './node-writes.js';

type Signed = Pick<SignedCertificate, 'pem' | 'notAfter'>;

interface Wanted extends Pick<ProfileSignature, 'authority' | 'csrPem' | 'names' | 'subject' | 'usages'> {
  nodeId: string;
  /** Whose certificate it is in the records, and by what name. */
  owner: string;
  name: string;
  days: number;
  /** Told as an event; this is the node. */
  told?: NodeView;
  /** Signed for one key only, ever. */
  once?: boolean;
}

/**
 * Signs and records. A node gets a limited number of signatures.
 * @throws ServiceError `too_many`; `forbidden` for what is signed once only, and was for another key.
 */
export async function signForNode(context: ListenerContext, wanted: Wanted): Promise<Signed> {
  const { clock, db, ids } = context.deps;
  const now = clock.now();
  const { nodeId, owner, name, days, told, once, ...request } = wanted;
  if (!context.limits.signatures.take(nodeId, now)) {
    throw new ServiceError('too_many', 'This node had too many certificates signed', { retryAfterSeconds: 60 });
  }
  const signed = await signRequest({ ...request, ...validFor(days, now) });
  return db.transaction('certificate-record', async (trx) => {
    if (once === true) {
      await lockNode(trx, nodeId, now);
      const earlier = await certificates.find(trx, { owner, nodeId, name, kind: 'issued' });
      if (earlier !== undefined) return sameKey(earlier, signed);
    }
    if (told !== undefined) {
      const message = `Node ${told.name} got the certificate ${name}: ${signed.subject}, for ${days * 1440} minutes`;
      await tellAlways(context, trx, told, { kind: 'certificate_issued', message });
    }
    if (owner === SERVICE_OWNER) await removeEnded(trx, { owner, name, nodeId }, now);
    await certificates.insert(trx, {
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
    });
    return signed;
  });
}

/** Asked for again, since the answer was lost. */
function sameKey(earlier: CertificateRecord, signed: Signed): Signed {
  const [known, asked] = [earlier, signed].map(({ pem }) => new X509Certificate(pem).publicKey);
  if (known !== undefined && asked?.equals(known)) return earlier;
  throw new ServiceError('forbidden', `The certificate ${earlier.name} was signed once already, for another key`);
}

/** The certificate with which a node proves who it is: its own uuid and its cluster's, for a client, nothing else. */
export function signIdentity(
  context: ListenerContext,
  node: { uuid: string; clusterId: string },
  csrPem: string,
): Promise<Signed> {
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
