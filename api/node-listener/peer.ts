import { X509Certificate } from 'node:crypto';
import { TLSSocket } from 'node:tls';
import { type CertificateInfo, certificateKeyHash, verifiedCertificate } from '../../common/x509.js';

/** Who is at the other end, by its certificate. */
export interface Peer {
  nodeId: string;
  clusterId: string;
  /** Epoch milliseconds. */
  notAfter: number;
  /** SHA-256 of its public key, hex. */
  keyHash: string;
}

type Known = CertificateInfo & { keyHash: string };

/**
 * Knows nodes by their client certificates. TLS has proved that the peer holds the key; that the certificate is one of
 * the node authority is checked here, by our own clock, once for each connection. Its end is checked at each request.
 */
export class Peers {
  private readonly known = new WeakMap<TLSSocket, Known>();
  private readonly authority: X509Certificate;

  constructor(authorityPem: string) {
    this.authority = new X509Certificate(authorityPem);
  }

  find(socket: unknown, now: number): Peer | undefined {
    if (!(socket instanceof TLSSocket)) return undefined;
    const info = this.known.get(socket) ?? this.verify(socket, now);
    if (info === undefined || now >= info.notAfter || now < info.notBefore) return undefined;
    const { commonName: nodeId, organization: clusterId, notAfter, keyHash } = info;
    return { nodeId, clusterId, notAfter, keyHash };
  }

  private verify(socket: TLSSocket, now: number): Known | undefined {
    const certificate = socket.getPeerX509Certificate();
    if (certificate === undefined) return undefined;
    const info = verifiedCertificate(certificate, this.authority, now);
    if (info === undefined) return undefined;
    const known = { ...info, keyHash: certificateKeyHash(certificate) };
    this.known.set(socket, known);
    return known;
  }
}
