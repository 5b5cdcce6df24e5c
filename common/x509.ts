// The library throws at import unless this is loaded before it.
import 'reflect-metadata';
import {
  createHash,
  createPublicKey,
  type KeyObject,
  X509Certificate as NodeCertificate,
  randomBytes,
  webcrypto,
} from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';
import { ServiceError } from './errors.js';
import { filterRequestedExtensions } from './requested-extensions.js';

/**
 * Certificates. Authorities have EC P-256 keys; what is signed may have RSA, EC or Ed25519 keys.
 * PEM texts carry no trailing newline. Nothing else imports the library.
 */

x509.cryptoProvider.set(webcrypto);

export interface Authority {
  certificatePem: string;
  /** PKCS #8, not encrypted: sealed wherever it is stored. */
  privateKeyPem: string;
}

/** Epoch milliseconds; certificates hold whole seconds. */
export interface Validity {
  notBefore: number;
  notAfter: number;
}

export interface Subject {
  commonName: string;
  organization?: string;
}

export interface SignedCertificate {
  pem: string;
  /** Hex. */
  serial: string;
  /** As text: `CN=…, O=…`. */
  subject: string;
  notAfter: number;
}

/** A node asks with a request of this size or less; users with RSA keys and many names too. */
const MAX_CSR_CHARACTERS = 16_384;
/** RFC 5280, appendix A: ub-common-name and ub-organization-name. */
const MAX_NAME_CHARACTERS = 64;
/** Clocks of nodes and clients may be behind. Upstream's value. */
const BACKDATED_MS = 24 * 3600 * 1000;
const DAY_MS = 24 * 3600 * 1000;
const EC_KEY = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** From a day ago, for `days` days from now. */
export function validFor(days: number, now: number): Validity {
  return { notBefore: now - BACKDATED_MS, notAfter: now + days * DAY_MS };
}

export async function createAuthority(wanted: { commonName: string } & Validity): Promise<Authority> {
  const keys = await newKeys();
  const subject = distinguishedName({ commonName: wanted.commonName });
  const { KeyUsageFlags } = x509;
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: newSerial(),
    subject,
    issuer: subject,
    ...dates(wanted),
    signingAlgorithm: EC_KEY,
    publicKey: keys.publicKey,
    signingKey: keys.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificatePem: pemOf(certificate), privateKeyPem: await privatePem(keys.privateKey) };
}

/** A new EC key with a request for it that asks for nothing: the signer knows what the holder gets. */
export async function createRequest(subject: Subject): Promise<{ csrPem: string; privateKeyPem: string }> {
  const keys = await newKeys();
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: distinguishedName(subject),
    signingAlgorithm: EC_KEY,
    keys,
  });
  return { csrPem: pemOf(request), privateKeyPem: await privatePem(keys.privateKey) };
}

export interface ProfileSignature extends Validity {
  csrPem: string;
  authority: Authority;
  subject: Subject;
  /** DNS names and IP addresses. */
  names?: string[];
  usages: ('client' | 'server')[];
  /** Hex; random by default. */
  serial?: string;
}

/**
 * Signs what a profile says. Of the request only the public key is used, after it proved that the sender holds the
 * private one. The certificate ends no later than its authority.
 * @throws ServiceError `invalid`, field `csr`.
 */
export async function signRequest(wanted: ProfileSignature): Promise<SignedCertificate> {
  const request = await readRequest(wanted.csrPem);
  const { KeyUsageFlags, ExtendedKeyUsage } = x509;
  // RFC 8813: keyEncipherment is not for EC keys.
  const encipherment = keyOf(request).asymmetricKeyType === 'rsa' ? KeyUsageFlags.keyEncipherment : 0;
  const purposes = { client: ExtendedKeyUsage.clientAuth, server: ExtendedKeyUsage.serverAuth };
  const extensions: x509.Extension[] = [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(KeyUsageFlags.digitalSignature | encipherment, true),
    new x509.ExtendedKeyUsageExtension(wanted.usages.map((usage) => purposes[usage])),
  ];
  const names = wanted.names ?? [];
  if (names.length > 0) {
    const alternatives = names.map((value) => ({ type: isIP(value) > 0 ? ('ip' as const) : ('dns' as const), value }));
    extensions.push(new x509.SubjectAlternativeNameExtension(alternatives));
  }
  return await sign({ ...wanted, request, subject: distinguishedName(wanted.subject), extensions });
}

export interface UserSignature {
  days: number;
  /** Whether the certificate may sign others: `[x509] allow_ca`. */
  allowCa: boolean;
  now: number;
}

/**
 * Signs a user's request as upstream does: the subject and the allowed extensions are the request's own.
 * @throws ServiceError `invalid`, field `csr`, that says what is wrong.
 */
export async function signUserRequest(
  csrPem: string,
  authority: Authority,
  wanted: UserSignature,
): Promise<SignedCertificate> {
  const request = await readRequest(csrPem);
  const subject = attempt(() => request.subjectName.toJSON(), 'its subject is malformed');
  const asked = attempt(() => request.extensions, 'its extensions are malformed');
  const extensions = filterRequestedExtensions(x509, asked, wanted.allowCa);
  return await sign({ authority, ...validFor(wanted.days, wanted.now), request, subject, extensions });
}

/** SHA-256 of the public key, hex, of a request that proved possession of the private one. */
export async function requestKeyHash(csrPem: string): Promise<string> {
  return keyHash(keyOf(await readRequest(csrPem)));
}

/** The same of a certificate. */
export function certificateKeyHash(certificate: NodeCertificate): string {
  return keyHash(certificate.publicKey);
}

function keyHash(key: KeyObject): string {
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex');
}

export interface CertificateInfo extends Validity {
  /** Hex. */
  serial: string;
  commonName: string;
  organization: string;
  /** Subject alternative names as node prints them: `DNS:a, IP Address:10.0.0.1`. */
  names: string;
}

/** @throws ServiceError `invalid` when it is no certificate. */
export function certificateInfo(certificate: string | Buffer | NodeCertificate): CertificateInfo {
  const parsed = certificate instanceof NodeCertificate ? certificate : parseCertificate(certificate);
  const subject: Record<string, unknown> = { ...parsed.toLegacyObject().subject };
  const text = (value: unknown) => (typeof value === 'string' ? value : '');
  return {
    serial: parsed.serialNumber.toLowerCase(),
    commonName: text(subject.CN),
    organization: text(subject.O),
    names: parsed.subjectAltName ?? '',
    notBefore: Date.parse(parsed.validFrom),
    notAfter: Date.parse(parsed.validTo),
  };
}

/**
 * What `certificate` says when `authority` signed it directly, it signs no others and it is valid at `now`.
 * By the caller's clock: OpenSSL would ask the machine's.
 */
export function verifiedCertificate(
  certificate: NodeCertificate,
  authority: NodeCertificate,
  now: number,
): CertificateInfo | undefined {
  if (certificate.ca || !certificate.checkIssued(authority) || !certificate.verify(authority.publicKey)) {
    return undefined;
  }
  const info = certificateInfo(certificate);
  return info.notBefore <= now && now < info.notAfter ? info : undefined;
}

function parseCertificate(pem: string | Buffer): NodeCertificate {
  try {
    return new NodeCertificate(pem);
  } catch (cause) {
    throw new ServiceError('invalid', 'This is not a certificate', { cause });
  }
}

interface Signature extends Validity {
  request: x509.Pkcs10CertificateRequest;
  authority: Authority;
  subject: x509.JsonName;
  extensions: x509.Extension[];
  serial?: string;
}

async function sign(wanted: Signature): Promise<SignedCertificate> {
  const issuer = new x509.X509Certificate(wanted.authority.certificatePem);
  const notAfter = Math.min(wanted.notAfter, issuer.notAfter.getTime());
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: wanted.serial ?? newSerial(),
    subject: wanted.subject,
    issuer: issuer.subjectName,
    ...dates({ notBefore: wanted.notBefore, notAfter }),
    signingAlgorithm: EC_KEY,
    publicKey: wanted.request.publicKey,
    signingKey: await importPrivateKey(wanted.authority.privateKeyPem),
    extensions: [...wanted.extensions, await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey)],
  });
  return {
    pem: pemOf(certificate),
    serial: certificate.serialNumber,
    subject: certificate.subject,
    notAfter: certificate.notAfter.getTime(),
  };
}

async function readRequest(csrPem: string): Promise<x509.Pkcs10CertificateRequest> {
  if (csrPem.length > MAX_CSR_CHARACTERS) throw refused(`it is longer than ${MAX_CSR_CHARACTERS} characters`);
  const pem =
    /-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----([A-Za-z0-9+/=\s]+)-----END (?:NEW )?CERTIFICATE REQUEST-----/;
  const body = pem.exec(csrPem)?.[1];
  if (body === undefined) throw refused('it has no PEM block CERTIFICATE REQUEST');
  const request = attempt(() => new x509.Pkcs10CertificateRequest(Buffer.from(body, 'base64')), 'it is malformed');
  const problem = keyProblem(request);
  if (problem !== undefined) throw refused(problem);
  const proven = await request.verify().catch(() => false);
  if (!proven) throw refused('its signature does not fit its public key');
  return request;
}

function keyOf(request: x509.Pkcs10CertificateRequest) {
  return createPublicKey({ key: Buffer.from(request.publicKey.rawData), format: 'der', type: 'spki' });
}

/** Whoever asks chooses how well their own key is kept: Magnum signs any, and magnum-tempest-plugin brings one of 1024. */
const MIN_RSA_BITS = 1024;
/** The check of a signature by a giant key takes long. */
const MAX_RSA_BITS = 8192;

function keyProblem(request: x509.Pkcs10CertificateRequest): string | undefined {
  const key = attempt(() => keyOf(request), 'its public key is malformed');
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return bits < MIN_RSA_BITS || bits > MAX_RSA_BITS
        ? `its RSA key has ${bits} bits; ${MIN_RSA_BITS} to ${MAX_RSA_BITS} are accepted`
        : undefined;
    case 'ec':
    case 'ed25519':
      return undefined;
    default:
      return `keys of type ${key.asymmetricKeyType ?? 'unknown'} are not accepted`;
  }
}

function attempt<T>(work: () => T, problem: string): T {
  try {
    return work();
  } catch (cause) {
    throw refused(problem, cause);
  }
}

function refused(problem: string, cause?: unknown): ServiceError {
  return new ServiceError('invalid', `The certificate signing request can't be used: ${problem}`, {
    field: 'csr',
    cause,
  });
}

function distinguishedName(subject: Subject): x509.JsonName {
  const cut = (name: string) => [name.slice(0, MAX_NAME_CHARACTERS)];
  const organization = subject.organization === undefined ? [] : [{ O: cut(subject.organization) }];
  return [...organization, { CN: cut(subject.commonName) }];
}

function dates(validity: Validity): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(validity.notBefore), notAfter: new Date(validity.notAfter) };
}

/** 128 random bits as a positive integer (RFC 5280, 4.1.2.2). */
function newSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}

async function newKeys() {
  return await webcrypto.subtle.generateKey(EC_KEY, true, ['sign', 'verify']);
}

async function importPrivateKey(pem: string) {
  return await webcrypto.subtle.importKey('pkcs8', x509.PemConverter.decodeFirst(pem), EC_KEY, false, ['sign']);
}

async function privatePem(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY').trim();
}

function pemOf(thing: { toString(format: 'pem'): string }): string {
  return thing.toString('pem').trim();
}
