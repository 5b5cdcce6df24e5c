import type { Clock } from '../common/clock.js';
import { findFlavor } from '../openstack/compute/flavors.js';
import { findKeypair } from '../openstack/compute/keypairs.js';
import { findProject } from '../openstack/identity/projects.js';
import { listRoles } from '../openstack/identity/roles.js';
import { findImage } from '../openstack/image/images.js';
import { findNetwork } from '../openstack/network/networks.js';
import { findSubnet } from '../openstack/network/subnets.js';
import type { Session } from '../openstack/session.js';
import type { RoleRef, TokenInfo } from '../openstack/token.js';
import type { Identity } from './identity.js';
import { LookupCache } from './lookup-cache.js';

/**
 * Things of the cloud that requests name, as their user sees them. Every look-up is made with the
 * user's own token, so nobody learns of anything through Bayou that Keystone would not show.
 * Undefined: there is no such thing. @throws ServiceError `ambiguous`, OpenStackError.
 */
export interface CloudReferences {
  image(who: Identity, idOrName: string): Promise<ImageReference | undefined>;
  flavor(who: Identity, idOrName: string): Promise<FlavorReference | undefined>;
  keypair(who: Identity, name: string): Promise<KeypairReference | undefined>;
  /** `external`: only networks that floating IPs come from. */
  network(who: Identity, idOrName: string, external: boolean): Promise<NetworkReference | undefined>;
  subnet(who: Identity, idOrName: string): Promise<SubnetReference | undefined>;
  /** All roles of the cloud, asked in the service's name. */
  roles(): Promise<RoleRef[]>;
  /** Asked in the service's name too. */
  project(id: string): Promise<Reference | undefined>;
}

export interface Reference {
  id: string;
  name: string;
}

export interface ImageReference extends Reference {
  status: string;
  osDistro: string | undefined;
  minDiskGib: number;
  minRamMib: number;
}

export interface FlavorReference extends Reference {
  vcpus: number;
  ramMib: number;
  /** 0: as large as the image. */
  diskGib: number;
}

export interface NetworkReference extends Reference {
  /** As far as the user sees them. */
  subnetIds: string[];
}

export interface SubnetReference extends Reference {
  networkId: string;
  /** How many addresses the cloud gives out of it. */
  poolSize: number;
}

export interface KeypairReference {
  name: string;
  publicKey: string;
}

export interface CloudReferencesDeps {
  clock: Clock;
  /** A session with the user's token; what Keystone said of it is known already. */
  userSession(token: string, known: TokenInfo): Session;
  /** The service user's own. */
  serviceSession: Session;
}

const CACHED_MS = 30_000;
const MAX_CACHED = 5000;
const TIMEOUT_MS = 10_000;

/** Look-ups at the real services, good ones remembered for 30 s; what is missing is looked for again. */
export function openstackReferences(deps: CloudReferencesDeps): CloudReferences {
  const cache = new LookupCache<unknown>(deps.clock, MAX_CACHED);
  const ctx = { timeoutMs: TIMEOUT_MS };

  async function remember<T>(key: string[], isGood: (value: T) => boolean, look: () => Promise<T>): Promise<T> {
    const lifetimeMs = (value: unknown) => (isGood(value as T) ? CACHED_MS : 0);
    // A key holds what it is for, so what comes out of the cache is what this look-up put in.
    return (await cache.get(JSON.stringify(key), look, lifetimeMs)) as T;
  }
  const found = (value: unknown) => value !== undefined;
  const session = (who: Identity) => deps.userSession(who.token, who.known);
  // Keypairs and a user without a project are the user's own; the rest is the same for all of a project, but for admins.
  const owner = (who: Identity) => `${who.isAdmin ? 'admin of ' : ''}${who.projectId ?? `user ${who.userId}`}`;

  return {
    image: (who, idOrName) =>
      remember(['image', owner(who), idOrName], isUsable, () => findImage(session(who), ctx, idOrName)),
    flavor: (who, idOrName) =>
      remember(['flavor', owner(who), idOrName], found, () => findFlavor(session(who), ctx, idOrName)),
    keypair: (who, name) => remember(['keypair', who.userId, name], found, () => findKeypair(session(who), ctx, name)),
    network: (who, idOrName, external) =>
      remember(['network', owner(who), idOrName, String(external)], found, () =>
        findNetwork(session(who), ctx, idOrName, external ? { external } : {}),
      ),
    subnet: (who, idOrName) =>
      remember(['subnet', owner(who), idOrName], found, () => findSubnet(session(who), ctx, idOrName)),
    roles: () => remember(['roles'], found, () => listRoles(deps.serviceSession, ctx)),
    project: (id) => findProject(deps.serviceSession, ctx, id),
  };
}

/** An image that its owner is about to mend is looked at again. */
function isUsable(image: ImageReference | undefined): boolean {
  return image?.osDistro !== undefined && image.status === 'active';
}
