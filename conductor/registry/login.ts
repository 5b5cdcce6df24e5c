import type { CloudResource } from '../../common/db/cloud-resources.js';
import { type Secret, secrets } from '../../common/db/secrets.js';
import { ServiceError } from '../../common/errors.js';
import { REGISTRY_LOGIN } from '../../drivers/driver.js';
import { setPassword } from '../../openstack/identity/users.js';
import { putContainer } from '../../openstack/object-storage/containers.js';
import { findEndpoint } from '../../openstack/token.js';
import { intend, listInventory, markPresent, type ResourceName } from '../inventory.js';
import { registryContainerName } from '../names.js';
import { ensureTrusteeUser } from '../trustee-users.js';
import type { Work } from '../work.js';

/**
 * What the registries of a cluster's nodes log in with: a user of the trustee domain without any role,
 * whom the ACL of the cluster's one container lets use that container and nothing else. A login is
 * never changed: a new one takes its place, so that nodes may use the old one until they know.
 */
export interface RegistryLogin {
  /** Counts the users of a cluster, from 1. */
  generation: number;
  /** As nodes read it. */
  user_id: string;
  password: string;
  auth_url: string;
  storage_url: string;
  container: string;
  /** PEM. What signs the certificates of Keystone and Swift, where nodes do not know it of themselves. */
  ca?: string;
}

const PASSWORD_BYTES = 32;
/** No underscore: the API takes what follows one in an account's name for its project. */
const USER_PREFIX = 'registry-';

export interface SealedLogin {
  login: RegistryLogin;
  madeAt: number;
}

/** Undefined before the first one was made. */
export async function readLogin(work: Work): Promise<SealedLogin | undefined> {
  const secret = await work.deps.db.read('registry login', (query) => secrets.find(query, key(work)));
  if (secret?.sealed === undefined) return undefined;
  const login: RegistryLogin = JSON.parse(work.deps.sealer.open(purpose(work), secret.sealed));
  return { login, madeAt: secret.updatedAt ?? secret.createdAt };
}

/** Makes the user, admits it to the container, and only then hands the login to the nodes. */
export async function makeLogin(work: Work, generation: number): Promise<void> {
  const password = work.deps.ids.secret(PASSWORD_BYTES);
  const userId = await ensureUser(work, generation, password);
  await admitUsers(work);
  const { caPem } = work.deps.settings.registry;
  const login: RegistryLogin = {
    generation,
    user_id: userId,
    password,
    ...(await endpointsOfNodes(work)),
    container: registryContainerName(work.namePrefix),
    ...(caPem === undefined ? {} : { ca: caPem }),
  };
  const sealed = work.deps.sealer.seal(purpose(work), JSON.stringify(login));
  await work.fenced('registry login', (trx) => secrets.update(trx, key(work), { sealed, updatedAt: work.now() }));
}

/** A user whom nobody has told the password yet gets another one. */
async function ensureUser(work: Work, generation: number, password: string): Promise<string> {
  const resource = registryUser(userName(work, generation));
  const description = `Registry of container cluster ${work.cluster.uuid}, made by Bayou`;
  const { user, isNew } = await ensureTrusteeUser(work, resource, { password, description });
  if (!isNew) await setPassword(work.deps.accounts.domainAdmin, work.ctx, user.id, password);
  await markPresent(work, resource, user.id);
  return user.id;
}

/** Makes the container, or mends who may use it: the users of the inventory but those of `without`. */
export async function admitUsers(work: Work, without: readonly string[] = []): Promise<void> {
  const resource = containerResource(work);
  await intend(work, resource);
  const userIds = (await listUsers(work)).flatMap(({ name, cloudId }) =>
    cloudId === undefined || without.includes(name) ? [] : [cloudId],
  );
  await putContainer(await work.account(), work.ctx, resource.name, { userIds });
  await markPresent(work, resource, resource.name);
}

/** The registry's users that there are or may be. */
export async function listUsers(work: Work): Promise<CloudResource[]> {
  return (await listInventory(work)).filter(
    ({ type, state, name }) => type === 'user' && state !== 'gone' && name.startsWith(USER_PREFIX),
  );
}

export function userName(work: Work, generation: number): string {
  return `${USER_PREFIX}${generation}-${work.cluster.uuid}`;
}

export function registryUser(name: string): ResourceName {
  return { service: 'identity', type: 'user', name };
}

export function containerResource(work: Work): ResourceName {
  return { service: 'object-store', type: 'container', name: registryContainerName(work.namePrefix) };
}

/** Where nodes, not Bayou, reach Keystone and the project's account in Swift. */
async function endpointsOfNodes(work: Work): Promise<Pick<RegistryLogin, 'auth_url' | 'storage_url'>> {
  const { catalog } = await (await work.account()).identity(work.ctx);
  const { region, authUrl } = work.deps.settings.registry;
  const storageUrl = findEndpoint(catalog, 'object-store', { region, interface: 'public' });
  if (storageUrl === undefined) {
    throw new ServiceError('unavailable', 'The service catalog has no public endpoint of type object-store.', {
      code: 'endpoint_missing',
    });
  }
  return { auth_url: findEndpoint(catalog, 'identity', { interface: 'public' }) ?? authUrl, storage_url: storageUrl };
}

function key(work: Work): Pick<Secret, 'owner' | 'name'> {
  return { owner: work.cluster.uuid, name: REGISTRY_LOGIN };
}

function purpose(work: Work): string {
  return `${work.cluster.uuid}/${REGISTRY_LOGIN}`;
}
