import { X509Certificate } from 'node:crypto';
import type { Clock } from '../../../common/clock.js';
import { verifiedCertificate } from '../../../common/x509.js';
import { type Action, call, type PlayedNode, textOf } from './played-node.js';
import { getCertificate } from './steps.js';

const MASTERS_AUTHORITIES = ['cluster', 'nodes', 'etcd', 'front-proxy'];
const WORKERS_AUTHORITIES = ['cluster', 'nodes'];

/** Who signs a profile; every other one is of `nodes`. */
const SIGNED_BY: Readonly<Record<string, string>> = {
  'kube-apiserver': 'cluster',
  'etcd-server': 'etcd',
  'etcd-peer': 'etcd',
  'etcd-client': 'etcd',
  'front-proxy-client': 'front-proxy',
};

/** A machine's files: whom it trusts by authority, the first one of which signs, and what it shows by profile. */
export interface Trust {
  trusted: Map<string, X509Certificate[]>;
  shown: Map<string, X509Certificate>;
}

/** As `rotate-ca.sh`: fetches whom to trust, and has signed again what the first of them has not. */
export async function* renewTrust(node: PlayedNode, role: string, profiles: readonly string[]): Action<Trust> {
  const trust: Trust = { trusted: new Map(), shown: new Map() };
  for (const authority of role === 'master' ? MASTERS_AUTHORITIES : WORKERS_AUTHORITIES) {
    const answer = yield* call(node, 'GET', `/v1/authorities/${authority}`);
    trust.trusted.set(authority, certificatesOf(textOf(answer, 'certificate') ?? ''));
  }
  for (const profile of profiles) {
    const [signer] = trust.trusted.get(authorityOf(profile)) ?? [];
    const held = shownBy(node, profile);
    if (held === undefined || signer === undefined || !isBelieved(held, [signer], node.clock)) {
      node.profiles.delete(profile);
      yield* getCertificate(node, profile);
    }
    const shown = shownBy(node, profile);
    if (shown !== undefined) trust.shown.set(profile, shown);
  }
  return trust;
}

/** Who of a cluster's machines would not believe another one, in words. */
export function findDistrust(machines: readonly { name: string; trust: Trust }[], clock: Clock): string | undefined {
  for (const shower of machines) {
    for (const [profile, certificate] of shower.trust.shown) {
      for (const { name, trust } of machines) {
        const trusted = trust.trusted.get(authorityOf(profile));
        if (trusted !== undefined && !isBelieved(certificate, trusted, clock)) {
          return `${name} does not believe the ${profile} of ${shower.name}`;
        }
      }
    }
  }
  return undefined;
}

function authorityOf(profile: string): string {
  return SIGNED_BY[profile] ?? 'nodes';
}

function shownBy(node: PlayedNode, profile: string): X509Certificate | undefined {
  const pem = node.profiles.get(profile)?.certificate;
  return pem === undefined ? undefined : new X509Certificate(pem);
}

function isBelieved(certificate: X509Certificate, authorities: readonly X509Certificate[], clock: Clock): boolean {
  return authorities.some((authority) => verifiedCertificate(certificate, authority, clock.now()) !== undefined);
}

function certificatesOf(bundle: string): X509Certificate[] {
  const found = bundle.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return found.map((pem) => new X509Certificate(pem));
}
