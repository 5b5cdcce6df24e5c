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

/** While authorities change: one to come is trusted before it signs, and one before while somebody may know no other. */
export type AuthorityRole = 'current' | 'next' | 'previous';

export interface WantedAuthority {
  /** A cluster's uuid or `SERVICE_OWNER`. */
  owner: string;
  /** What it is for, such as `cluster` or `node`; unique per owner and role. */
  name: string;
  /** Default: the current one. */
  role?: AuthorityRole;
  commonName: string;
  /** How long it is valid. */
  days: number;
}

/** Name of the authority that signs nodes' own certificates and those of the node listener; owned by the service. */
export const NODE_AUTHORITY = 'node';
const NODE_AUTHORITY_DAYS = 3650;

/** The one authority of this owner, name and role, made by whoever comes first; all get the same. */
export async function ensureAuthority(db: Database, deps: AuthorityDeps, wanted: WantedAuthority): Promise<Authority> {
  const { owner, name, role } = wanted;
  const load = () => db.read('authority-load', (query) => loadAuthority(query, deps.sealer, owner, name, role));
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
  role: AuthorityRole = 'current',
): Promise<Authority | undefined> {
  const record = await findAuthorityRecord(query, owner, name, role);
  if (record === undefined) return undefined;
  const key = await secrets.find(query, { owner, name: secretName(name, role) });
  if (key?.sealed === undefined) {
    throw new ServiceError('internal', `The key of the authority ${name} of ${owner} is missing`);
  }
  return { certificatePem: record.pem, privateKeyPem: sealer.open(purpose(owner, name, role), key.sealed) };
}

/** The public half: needs no key to open. */
export function findAuthorityRecord(
  query: Query,
  owner: string,
  name: string,
  role: AuthorityRole = 'current',
): Promise<CertificateRecord | undefined> {
  return certificates.find(query, { caKey: caKeyOf(owner, name, role) });
}

/** Gives an authority another role, in which there must be none. What has it already is left as it is. */
export async function changeRole(
  trx: Query,
  sealer: Sealer,
  { owner, name }: Pick<WantedAuthority, 'owner' | 'name'>,
  [from, to]: [from: AuthorityRole, to: AuthorityRole],
): Promise<void> {
  const authority = await loadAuthority(trx, sealer, owner, name, from);
  if (authority === undefined) return;
  await certificates.update(trx, { caKey: caKeyOf(owner, name, from) }, { caKey: caKeyOf(owner, name, to) });
  const sealed = sealer.seal(purpose(owner, name, to), authority.privateKeyPem);
  await secrets.update(trx, { owner, name: secretName(name, from) }, { name: secretName(name, to), sealed });
}

/** Its key is gone for ever; its certificate stays among the records, as one of nobody's. */
export async function retirePrevious(trx: Query, owner: string, name: string): Promise<void> {
  await certificates.update(trx, { caKey: caKeyOf(owner, name, 'previous') }, { caKey: undefined });
  await secrets.delete(trx, { owner, name: secretName(name, 'previous') });
}

async function storeAuthority(trx: Query, deps: AuthorityDeps, wanted: WantedAuthority, made: Authority) {
  const { owner, name, role = 'current' } = wanted;
  const info = certificateInfo(made.certificatePem);
  const createdAt = deps.clock.now();
  await certificates.insert(trx, {
    uuid: deps.ids.uuid(),
    owner,
    kind: 'ca',
    name,
    caKey: caKeyOf(owner, name, role),
    serial: info.serial,
    subject: `CN=${info.commonName}`,
    pem: made.certificatePem,
    notAfter: info.notAfter,
    createdAt,
  });
  await secrets.insert(trx, {
    owner,
    name: secretName(name, role),
    sealed: deps.sealer.seal(purpose(owner, name, role), made.privateKeyPem),
    readableBy: [],
    writableBy: [],
    createdAt,
  });
}

function caKeyOf(owner: string, name: string, role: AuthorityRole): string {
  return `${owner}:${named(name, role)}`;
}

function secretName(name: string, role: AuthorityRole): string {
  return `ca-key:${named(name, role)}`;
}

function purpose(owner: string, name: string, role: AuthorityRole): string {
  return `${owner}/${secretName(name, role)}`;
}

function named(name: string, role: AuthorityRole): string {
  return role === 'current' ? name : `${name}:${role}`;
}
