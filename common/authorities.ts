import type { Clock } from './clock.js';
import { type CertificateRecord, certificates } from './db/certificates.js';
import { type Database, isDuplicate, type Query } from './db/database.js';
import { SERVICE_OWNER, secrets } from './db/secrets.js';
import { ServiceError } from './errors.js';
import type { Ids } from './ids.js';
import type { Sealer } from './sealing.js';
import { type Authority, certificateInfo, createAuthority, validFor } from './x509.js';

export interface AuthorityDeps {
  sealer: Sealer;
  ids: Ids;
  clock: Clock;
}

export interface WantedAuthority {
  /** A cluster's uuid or `SERVICE_OWNER`. */
  owner: string;
  /** What it is for, such as `cluster` or `node`; unique per owner. */
  name: string;
  commonName: string;
  /** How long it is valid. */
  days: number;
}

/** Name of the authority that signs nodes' own certificates and those of the node listener; owned by the service. */
export const NODE_AUTHORITY = 'node';
const NODE_AUTHORITY_DAYS = 3650;

/** The one authority of this owner and name, made by whoever comes first; all get the same. */
export async function ensureAuthority(db: Database, deps: AuthorityDeps, wanted: WantedAuthority): Promise<Authority> {
  const { owner, name } = wanted;
  const load = () => db.read('authority-load', (query) => loadAuthority(query, deps.sealer, owner, name));
  const existing = await load();
  if (existing !== undefined) return existing;
  const made = await createAuthority({
    commonName: wanted.commonName,
    ...validFor(wanted.days, deps.clock.now()),
  });
  try {
    await db.transaction('authority-make', (trx) => storeAuthority(trx, deps, wanted, made));
    return made;
  } catch (error) {
    if (!isDuplicate(error)) throw error;
  }
  const winner = await load();
  if (winner !== undefined) return winner;
  throw new ServiceError('unavailable', `The authority ${name} of ${owner} is being made elsewhere`);
}

/** The service-wide authority of the certificates with which nodes and the node listener know each other. */
export function ensureNodeAuthority(db: Database, deps: AuthorityDeps): Promise<Authority> {
  return ensureAuthority(db, deps, {
    owner: SERVICE_OWNER,
    name: NODE_AUTHORITY,
    commonName: 'bayou nodes',
    days: NODE_AUTHORITY_DAYS,
  });
}

/** Undefined when nobody made it yet. */
export async function loadAuthority(
  query: Query,
  sealer: Sealer,
  owner: string,
  name: string,
): Promise<Authority | undefined> {
  const record = await findAuthorityRecord(query, owner, name);
  if (record === undefined) return undefined;
  const key = await secrets.find(query, { owner, name: secretName(name) });
  if (key?.sealed === undefined) {
    throw new ServiceError('internal', `The key of the authority ${name} of ${owner} is missing`);
  }
  return { certificatePem: record.pem, privateKeyPem: sealer.open(purpose(owner, name), key.sealed) };
}

/** The public half: needs no key to open. */
export function findAuthorityRecord(query: Query, owner: string, name: string): Promise<CertificateRecord | undefined> {
  return certificates.find(query, { caKey: `${owner}:${name}` });
}

async function storeAuthority(trx: Query, deps: AuthorityDeps, wanted: WantedAuthority, made: Authority) {
  const { owner, name } = wanted;
  const info = certificateInfo(made.certificatePem);
  const createdAt = deps.clock.now();
  await certificates.insert(trx, {
    uuid: deps.ids.uuid(),
    owner,
    kind: 'ca',
    name,
    caKey: `${owner}:${name}`,
    serial: info.serial,
    subject: `CN=${info.commonName}`,
    pem: made.certificatePem,
    notAfter: info.notAfter,
    createdAt,
  });
  await secrets.insert(trx, {
    owner,
    name: secretName(name),
    sealed: deps.sealer.seal(purpose(owner, name), made.privateKeyPem),
    readableBy: [],
    writableBy: [],
    createdAt,
  });
}

function secretName(name: string): string {
  return `ca-key:${name}`;
}

function purpose(owner: string, name: string): string {
  return `${owner}/${secretName(name)}`;
}
