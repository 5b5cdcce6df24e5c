import type { CloudResource } from '../../common/db/cloud-resources.js';
import { type Secret, secrets } from '../../common/db/secrets.js';
import { reason } from '../../common/reasons.js';
import { CLOUD_CREDENTIAL, type CloudUse } from '../../drivers/driver.js';
import { isConflict, isStatus } from '../../openstack/errors.js';
import {
  type ApplicationCredential,
  createApplicationCredential,
  deleteApplicationCredential,
  findApplicationCredential,
} from '../../openstack/identity/application-credentials.js';
import { findEndpoint } from '../../openstack/token.js';
import { intend, listInventory, markGone, markPresent, type ResourceName } from '../inventory.js';
import { done, type PhaseOutcome } from '../phase.js';
import type { Work } from '../work.js';

/**
 * What a cluster logs in to the cloud with by itself, where its owner asks for something that needs it: an application
 * credential of its account, with fewer roles, an end, and no way to others. It is never changed: a new one takes its
 * place, so that the old one may be used until all know.
 */
export interface CloudCredential {
  /** Counts those of a cluster, from 1. */
  generation: number;
  /** As nodes read it. */
  id: string;
  secret: string;
  auth_url: string;
  region: string;
  /** PEM. What signs the certificates of the cloud's services, where nodes do not know it of themselves. */
  ca?: string;
}

export interface SealedCredential {
  credential: CloudCredential;
  madeAt: number;
}

export function cloudUseOf(work: Work): CloudUse | undefined {
  return work.driver.cloudUse?.({ clusterId: work.cluster.uuid, labels: work.cluster.labels });
}

/** Undefined before the first one was made. */
export async function readCredential(work: Work): Promise<SealedCredential | undefined> {
  const secret = await work.deps.db.read('cloud credential', (query) => secrets.find(query, key(work)));
  if (secret?.sealed === undefined) return undefined;
  const credential: CloudCredential = JSON.parse(work.deps.sealer.open(purpose(work), secret.sealed));
  return { credential, madeAt: secret.updatedAt ?? secret.createdAt };
}

/** Makes it, and hands it to the masters. */
export async function makeCredential(work: Work, use: CloudUse, generation: number): Promise<PhaseOutcome> {
  const account = await work.account();
  const { catalog, roles } = await account.identity(work.ctx);
  const wanted = work.deps.settings.credential.roles;
  const roleIds = roles.filter(({ name }) => wanted.includes(name)).map(({ id }) => id);
  if (roleIds.length === 0) {
    const message = `the cluster's account has none of the roles of [kubernetes] credential_roles: ${wanted.join(', ')}`;
    return { kind: 'blocked', reason: reason('forbidden', message) };
  }
  const { id, secret } = await make(work, use, { name: credentialName(work, generation), roleIds });
  const { authUrl, caPem } = work.deps.settings.registry;
  const credential: CloudCredential = {
    generation,
    id,
    secret,
    auth_url: findEndpoint(catalog, 'identity', { interface: 'public' }) ?? authUrl,
    region: work.deps.settings.credential.region ?? regionOf(catalog) ?? '',
    ...(caPem === undefined ? {} : { ca: caPem }),
  };
  const sealed = work.deps.sealer.seal(purpose(work), JSON.stringify(credential));
  await work.fenced('cloud credential', (trx) => secrets.update(trx, key(work), { sealed, updatedAt: work.now() }));
  return done;
}

/** One of this name whose secret nobody was told, since its answer was lost, makes way. */
async function make(
  work: Work,
  use: CloudUse,
  { name, roleIds }: { name: string; roleIds: string[] },
): Promise<ApplicationCredential> {
  const { hasAccessRules, lifeMs } = work.deps.settings.credential;
  const account = await work.account();
  await intend(work, credentialResource(name));
  const create = () =>
    createApplicationCredential(account, work.ctx, {
      name,
      description: `Of container cluster ${work.cluster.uuid}, made by Bayou`,
      roleIds,
      expiresAt: work.now() + lifeMs,
      ...(hasAccessRules ? { accessRules: use.accessRules } : {}),
    });
  const made = await create().catch(async (error: unknown) => {
    const lost = isConflict(error) ? await findApplicationCredential(account, work.ctx, name) : undefined;
    if (lost === undefined) throw error;
    await deleteApplicationCredential(account, work.ctx, lost.id);
    return create();
  });
  await markPresent(work, credentialResource(name), made.id);
  return made;
}

/** Those that there are or may be. */
export async function listCredentials(work: Work): Promise<CloudResource[]> {
  return (await listInventory(work)).filter(({ type, state }) => type === 'application_credential' && state !== 'gone');
}

/** Whoever had logged in with it is logged out. */
export async function removeCredential(work: Work, { name }: Pick<CloudResource, 'name'>): Promise<void> {
  const account = await work.account();
  const found = await findApplicationCredential(account, work.ctx, name);
  if (found !== undefined) await deleteApplicationCredential(account, work.ctx, found.id);
  await markGone(work, credentialResource(name));
}

/** Keystone has deleted them with their user. */
export async function markCredentialsGone(work: Work): Promise<void> {
  for (const { name } of await listCredentials(work)) await markGone(work, credentialResource(name));
}

export function credentialName(work: Work, generation: number): string {
  return `cloud-${generation}-${work.cluster.uuid}`;
}

function credentialResource(name: string): ResourceName {
  return { service: 'identity', type: 'application_credential', name };
}

export function isRefused(error: unknown): boolean {
  return isStatus(error, 401, 403, 404);
}

function regionOf(catalog: Parameters<typeof findEndpoint>[0]): string | undefined {
  return catalog.find(({ type }) => type === 'compute')?.endpoints.find((each) => each.interface === 'public')?.region;
}

function key(work: Work): Pick<Secret, 'owner' | 'name'> {
  return { owner: work.cluster.uuid, name: CLOUD_CREDENTIAL };
}

function purpose(work: Work): string {
  return `${work.cluster.uuid}/${CLOUD_CREDENTIAL}`;
}
