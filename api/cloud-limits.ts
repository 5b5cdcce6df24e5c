import type { Clock } from '../common/clock.js';
import { isServiceError } from '../common/errors.js';
import { volumeQuotas } from '../openstack/block-storage/volume-quotas.js';
import { listVolumeTypes } from '../openstack/block-storage/volume-types.js';
import { listAvailabilityZones } from '../openstack/compute/availability-zones.js';
import { computeQuotas } from '../openstack/compute/compute-quotas.js';
import { isStatus } from '../openstack/errors.js';
import { loadBalancerQuotas } from '../openstack/load-balancing/load-balancer-quotas.js';
import { networkQuotas } from '../openstack/network/network-quotas.js';
import { countPorts } from '../openstack/network/ports.js';
import { countStacks } from '../openstack/orchestration/stack-count.js';
import type { Quotas } from '../openstack/quota.js';
import type { Session } from '../openstack/session.js';
import type { CloudReferencesDeps } from './cloud-references.js';
import type { Identity } from './identity.js';
import { LookupCache } from './lookup-cache.js';

/** Services that count what a project has. */
export type LimitedService = 'compute' | 'network' | 'block-storage' | 'load-balancer' | 'orchestration';

/**
 * What of the cloud is left for a project, seen with its user's own token. Undefined: the cloud does not let this user
 * look, so it is found out when the cluster is made. @throws OpenStackError
 */
export interface CloudLimits {
  /** `again`: not from what is remembered. */
  quotas(who: Identity, service: LimitedService, again: boolean): Promise<Quotas | undefined>;
  /** How many addresses of a subnet are in use, as far as the user sees their ports. */
  usedAddresses(who: Identity, subnetId: string): Promise<number | undefined>;
  /** Ids and names of all types of volumes. */
  volumeTypes(who: Identity): Promise<string[] | undefined>;
  /** Names of those in which servers may be made. */
  availabilityZones(who: Identity): Promise<string[] | undefined>;
}

export interface CloudLimitsDeps extends Pick<CloudReferencesDeps, 'clock' | 'userSession'> {
  clock: Clock;
  /** Heat's `max_stacks_per_tenant`, which it tells nobody; -1 is no limit. */
  maxStacksPerProject: number;
}

const CACHED_MS = 30_000;
const MAX_CACHED = 5000;
const TIMEOUT_MS = 10_000;

type Look = (session: Session, projectId: string, who: Identity) => Promise<Quotas>;

/** Look-ups at the real services, remembered for 30 s per project. */
export function openstackLimits(deps: CloudLimitsDeps): CloudLimits {
  const cache = new LookupCache<unknown>(deps.clock, MAX_CACHED);
  const ctx = { timeoutMs: TIMEOUT_MS };
  const looks: Record<LimitedService, Look> = {
    compute: (session, projectId) => computeQuotas(session, ctx, projectId),
    network: (session, projectId) => networkQuotas(session, ctx, projectId),
    'block-storage': (session, projectId) => volumeQuotas(session, ctx, projectId),
    'load-balancer': (session, projectId) => loadBalancerQuotas(session, ctx, projectId),
    // To an admin Heat counts the stacks of all projects.
    orchestration: async (session, _, { isAdmin }) =>
      isAdmin ? {} : { stacks: { limit: deps.maxStacksPerProject, used: await countStacks(session, ctx) } },
  };

  async function remember<T>(
    who: Identity,
    key: string[],
    look: (session: Session, projectId: string, who: Identity) => Promise<T>,
    again = false,
  ): Promise<T | undefined> {
    const { projectId } = who;
    if (projectId === undefined) return undefined;
    const whole = JSON.stringify([projectId, who.isAdmin, ...key]);
    if (again) cache.forget(whole);
    const load = () => unlessHidden(look(deps.userSession(who.token, who.known), projectId, who));
    // A key holds what it is for, so what comes out of the cache is what this look-up put in.
    return (await cache.get(whole, load, () => CACHED_MS)) as T | undefined;
  }

  return {
    quotas: (who, service, again) => remember(who, ['quotas', service], looks[service], again),
    usedAddresses: (who, subnetId) =>
      remember(who, ['addresses', subnetId], (session) => countPorts(session, ctx, subnetId)),
    volumeTypes: (who) =>
      remember(who, ['volume types'], async (session) =>
        (await listVolumeTypes(session, ctx)).flatMap(({ id, name }) => [id, name]),
      ),
    availabilityZones: (who) => remember(who, ['availability zones'], (session) => listAvailabilityZones(session, ctx)),
  };
}

/** Services whose policy is narrower than the default, or that have no such call. */
async function unlessHidden<T>(looking: Promise<T>): Promise<T | undefined> {
  try {
    return await looking;
  } catch (error) {
    if (isStatus(error, 403, 404, 501)) return undefined;
    if (isServiceError(error, 'unavailable') && error.code === 'endpoint_missing') return undefined;
    throw error;
  }
}
