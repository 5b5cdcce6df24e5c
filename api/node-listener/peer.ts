import { X509Certificate } from 'node:crypto';
import { TLSSocket } from 'node:tls';
import { type CertificateInfo, verifiedCertificate } from '../../common/x509.js';

/** Who is at the other end, by its certificate. */
export interface Peer {
  nodeId: string;
  clusterId: string;
  /** Epoch milliseconds. */
  notAfter: number;
}

/**
 * Knows nodes by their client certificates. TLS has proved that the peer holds the key; that the certificate is one of
 * the node authority is checked here, by our own clock, once for each connection. Its end is checked at each request.
 */
export class Peers {
  private readonly known = new WeakMap<TLSSocket, CertificateInfo>();
  private readonly authority: X509Certificate;

  constructor(authorityPem: string) {
    this.authority = new X509Certificate(authorityPem);
  }

  find(socket: unknown, now: number): Peer | undefined {
    if (!(socket instanceof TLSSocket)) return undefined;
    const info = this.known.get(socket) ?? this.verify(socket, now);
    if (info === undefined || now >= info.notAfter || now < info.notBefore) return undefined;
    return { nodeId: info.commonName, clusterId: info.organization, notAfter: info.notAfter };
  }

  private verify(socket: TLSSocket, now: number): CertificateInfo | undefined {
    const certificate = socket.getPeerX509Certificate();
    if (certificate === undefined) return undefined;
    const info = verifiedCertificate(certificate, this.authority, now);
    if (info !== undefined) this.known.set(socket, info);
    return info;
  }
}
