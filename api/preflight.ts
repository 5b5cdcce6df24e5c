import ipaddr from 'ipaddr.js';
import { type ReasonCode, reason, reasonSentence } from '../common/reasons.js';
import type { ClusterPlan, PlannedCluster } from './cluster-plan.js';
import type { Api } from './deps.js';
import type { Identity } from './identity.js';
import { addedTo } from './plan-difference.js';
import { quotaProblems } from './quota-problems.js';
import { unlessNoName } from './reference-checks.js';
import type { Finding } from './validation.js';

export interface Forecast {
  /** What comes to what is there; undefined when the driver can't say. */
  plan: ClusterPlan | undefined;
  findings: Finding[];
}

export const NOT_PLANNED: Forecast = { plan: undefined, findings: [] };

/** What a cluster's template says of it. */
type Planner = (order: PlannedCluster) => ClusterPlan | undefined;

/**
 * Whether the cloud has room for what an order adds to a project, as far as it lets the user look: all that is missing at
 * once, with numbers. `before`: what there is already. @throws OpenStackError
 */
export async function preflight(
  api: Api,
  { who, projectId }: { who: Identity; projectId: string | undefined },
  planOf: Planner,
  after: PlannedCluster,
  before?: PlannedCluster,
): Promise<Forecast> {
  const whole = planOf(after);
  if (whole === undefined) return { plan: undefined, findings: [] };
  const present = before && planOf(before);
  const plan = present === undefined ? whole : addedTo(present, whole);
  // What an admin's own project has left says nothing of the cluster's.
  if (who.projectId !== projectId) return { plan, findings: stackSizeProblems(api, plan) };
  const [quotas, zones, types, addresses] = await Promise.all([
    quotaProblems(api, who, plan),
    zoneProblems(api, who, after, plan),
    volumeTypeProblems(api, who, plan),
    addressProblems(api, who, after, whole, plan),
  ]);
  return { plan, findings: [...zones, ...types, ...addresses, ...quotas, ...stackSizeProblems(api, plan)] };
}

/** Of groups that get servers: their own zone counts, else the cluster's. */
async function zoneProblems(
  api: Api,
  who: Identity,
  { labels, groups }: PlannedCluster,
  { servers }: ClusterPlan,
): Promise<Finding[]> {
  const zones = groups
    .filter(({ name }) => servers.some(({ nodegroup, count }) => nodegroup === name && count > 0))
    .map((group) => group.labels.availability_zone ?? labels.availability_zone);
  const wanted = [...new Set(zones)].filter((zone) => zone !== undefined);
  if (wanted.length === 0) return [];
  const known = await api.limits.availabilityZones(who);
  return wanted
    .filter((zone) => known?.includes(zone) === false)
    .map((zone) =>
      finding(
        'labels.availability_zone',
        'availability_zone_not_found',
        `Nova has no availability zone ${zone}; it has ${known?.join(', ')}`,
      ),
    );
}

/** The label that names the type of a volume with this purpose. */
const TYPE_LABELS: Record<string, string> = {
  containers: 'labels.docker_volume_type',
  etcd: 'labels.etcd_volume_type',
};

async function volumeTypeProblems(api: Api, who: Identity, { volumes }: ClusterPlan): Promise<Finding[]> {
  const wanted = volumes.flatMap(({ purpose, type }) => (type === undefined ? [] : [{ purpose, type }]));
  if (wanted.length === 0) return [];
  const known = await api.limits.volumeTypes(who);
  const missing = known === undefined ? [] : wanted.filter(({ type }) => !known.includes(type));
  const fields = new Map(missing.map(({ purpose, type }) => [TYPE_LABELS[purpose] ?? 'labels', type]));
  return [...fields].map(([field, type]) =>
    finding(field, 'volume_type_not_found', `Cinder has no volume type ${type}`),
  );
}

/** The network's and the broadcast address, the router's, and that of DHCP. */
const NOT_FOR_NODES = 4;
const ADDRESS_BITS = 32;

/** In a network of its own all of the cluster must find room, in one that is there what is added. */
async function addressProblems(
  api: Api,
  who: Identity,
  order: PlannedCluster,
  whole: ClusterPlan,
  added: ClusterPlan,
): Promise<Finding[]> {
  const { ownNetwork } = whole;
  if (ownNetwork !== undefined) {
    const [, prefix] = ipaddr.parseCIDR(ownNetwork);
    const room = Math.max(0, 2 ** (ADDRESS_BITS - prefix) - NOT_FOR_NODES);
    if (added.addresses <= 0 || whole.addresses <= room) return [];
    const message = `the cluster needs ${whole.addresses} addresses, and ${ownNetwork} has ${room} for it`;
    return [{ field: 'labels.fixed_subnet_cidr', message }];
  }
  const free = await freeAddresses(api, who, order);
  if (free === undefined || added.addresses <= free.left) return [];
  const message = `needs ${added.addresses} addresses, ${free.left} of ${free.all} left in ${free.name}`;
  return [finding(order.fixedSubnet === undefined ? 'fixed_network' : 'fixed_subnet', 'address_exhausted', message)];
}

interface FreeAddresses {
  name: string;
  left: number;
  all: number;
}

/** Undefined where the user does not see it. */
async function freeAddresses(api: Api, who: Identity, order: PlannedCluster): Promise<FreeAddresses | undefined> {
  const { fixedNetwork = '', fixedSubnet } = order;
  const { references, limits } = api;
  const network =
    fixedSubnet === undefined ? await unlessNoName(() => references.network(who, fixedNetwork, false)) : undefined;
  const ids = fixedSubnet === undefined ? (network?.subnetIds ?? []) : [fixedSubnet];
  const subnets = await Promise.all(ids.map((id) => unlessNoName(() => references.subnet(who, id))));
  const found = subnets.filter((subnet) => subnet !== undefined);
  if (found.length === 0 || found.length < subnets.length) return undefined;
  const used = await Promise.all(found.map(({ id }) => limits.usedAddresses(who, id)));
  const all = found.reduce((sum, { poolSize }) => sum + poolSize, 0);
  const taken = used.reduce<number>((sum, count) => sum + (count ?? 0), 0);
  return { name: fixedSubnet ?? fixedNetwork, left: Math.max(0, all - taken), all };
}

/** A stack is made in one piece, however many of its resources are there already. */
function stackSizeProblems({ config }: Api, { stacks }: ClusterPlan): Finding[] {
  const most = config.preflight.maxResourcesPerStack;
  return stacks
    .filter(({ resources }) => most >= 0 && resources > most)
    .map(({ kind, resources }) =>
      finding('', 'quota_exceeded', `a stack (${kind}) needs ${resources} resources, and Heat takes ${most}`),
    );
}

function finding(field: string, code: ReasonCode, message: string): Finding {
  return { field, code, message: reasonSentence(reason(code, message)) };
}
