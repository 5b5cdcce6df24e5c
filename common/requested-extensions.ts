import type * as X509 from '@peculiar/x509';
import { ServiceError } from './errors.js';

/**
 * Which of the extensions that a user's request asks for go into the certificate: upstream's rules
 * (`[x509] allowed_extensions`, `allowed_key_usage`). What is refused is an error when the request marks it critical,
 * else it is left out.
 */
const ALLOWED: Record<string, string> = {
  '2.5.29.14': 'subjectKeyIdentifier',
  '2.5.29.15': 'keyUsage',
  '2.5.29.17': 'subjectAltName',
  '2.5.29.19': 'basicConstraints',
  '2.5.29.37': 'extendedKeyUsage',
};

type Library = typeof X509;

/** `library` is passed in: only `x509.ts` loads it. */
export function filterRequestedExtensions(
  library: Library,
  requested: X509.Extension[],
  allowCa: boolean,
): X509.Extension[] {
  const taken = new Map<string, X509.Extension>();
  for (const extension of requested) {
    if (taken.has(extension.type)) throw refused(`it asks for ${nameOf(extension)} twice`);
    const filtered = filterOne(library, extension, allowCa);
    if (filtered !== undefined) taken.set(extension.type, filtered);
  }
  return [...taken.values()];
}

function filterOne(library: Library, extension: X509.Extension, allowCa: boolean): X509.Extension | undefined {
  if (!(extension.type in ALLOWED)) {
    if (extension.critical) throw refused(`it asks for the critical extension ${nameOf(extension)}`);
    return undefined;
  }
  if (extension instanceof library.BasicConstraintsExtension) return constraints(library, extension, allowCa);
  if (extension instanceof library.KeyUsagesExtension) return keyUsage(library, extension, allowCa);
  return extension;
}

function constraints(
  library: Library,
  extension: X509.BasicConstraintsExtension,
  allowCa: boolean,
): X509.BasicConstraintsExtension {
  if (!extension.ca || allowCa) return extension;
  if (extension.critical) throw refused('it asks for a certificate that may sign others (critical CA:TRUE)');
  return new library.BasicConstraintsExtension(false, undefined, false);
}

function keyUsage(
  library: Library,
  extension: X509.KeyUsagesExtension,
  allowCa: boolean,
): X509.KeyUsagesExtension | undefined {
  const { KeyUsageFlags } = library;
  const forUsers = KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment | KeyUsageFlags.nonRepudiation;
  const forAuthorities = allowCa ? KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign : 0;
  const allowed = extension.usages & (forUsers | forAuthorities);
  if (allowed === extension.usages) return extension;
  if (extension.critical) throw refused('it asks for a critical key usage that is not allowed');
  return allowed === 0 ? undefined : new library.KeyUsagesExtension(allowed, false);
}

function nameOf(extension: X509.Extension): string {
  return ALLOWED[extension.type] ?? extension.type;
}

function refused(problem: string): ServiceError {
  return new ServiceError('invalid', `The certificate signing request can't be used: ${problem}`, { field: 'csr' });
}
