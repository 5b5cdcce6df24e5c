import { reason, reasonSentence } from '../common/reasons.js';
import type { Quotas } from '../openstack/quota.js';
import type { LimitedService } from './cloud-limits.js';
import type { ClusterPlan } from './cluster-plan.js';
import type { Api } from './deps.js';
import type { Identity } from './identity.js';
import { unlessNoName } from './reference-checks.js';
import type { Finding } from './validation.js';

/** What a plan takes of one quota. */
interface Need {
  /** The service's name of it. */
  quota: string;
  unit: string;
  amount: number;
}

/** Quotas that are counts of Heat's types. A router's interface and a load balancer have a port of their own. */
const COUNTED: Record<string, { quota: string; unit: string; types: string[] }[]> = {
  network: [
    { quota: 'network', unit: 'networks', types: ['OS::Neutron::Net'] },
    { quota: 'subnet', unit: 'subnets', types: ['OS::Neutron::Subnet'] },
    { quota: 'router', unit: 'routers', types: ['OS::Neutron::Router'] },
    { quota: 'security_group', unit: 'security groups', types: ['OS::Neutron::SecurityGroup'] },
    { quota: 'floatingip', unit: 'floating IPs', types: ['OS::Neutron::FloatingIP'] },
    {
      quota: 'port',
      unit: 'ports',
      types: ['OS::Neutron::Port', 'OS::Neutron::RouterInterface', 'OS::Octavia::LoadBalancer'],
    },
  ],
  'load-balancer': [
    { quota: 'load_balancer', unit: 'load balancers', types: ['OS::Octavia::LoadBalancer'] },
    { quota: 'listener', unit: 'load balancer listeners', types: ['OS::Octavia::Listener'] },
    { quota: 'pool', unit: 'load balancer pools', types: ['OS::Octavia::Pool'] },
    { quota: 'member', unit: 'load balancer members', types: ['OS::Octavia::PoolMember'] },
    { quota: 'health_monitor', unit: 'health monitors', types: ['OS::Octavia::HealthMonitor'] },
  ],
};

/** One finding for each quota that does not suffice. Only services of which something is needed are asked, side by side. */
export async function quotaProblems(api: Api, who: Identity, plan: ClusterPlan): Promise<Finding[]> {
  const compute = await computeNeeds(api, who, plan);
  const needs: Record<LimitedService, Need[]> = {
    compute,
    network: [
      ...countedNeeds('network', plan),
      { quota: 'security_group_rule', unit: 'security group rules', amount: plan.securityGroupRules },
    ],
    'block-storage': volumeNeeds(plan),
    'load-balancer': countedNeeds('load-balancer', plan),
    orchestration: [
      { quota: 'stacks', unit: 'stacks', amount: plan.stacks.reduce((sum, { count }) => sum + count, 0) },
    ],
  };
  const services = Object.entries(needs) as [LimitedService, Need[]][];
  const found = await Promise.all(services.map(([service, wanted]) => problemsAt(api, who, service, wanted)));
  return found.flat();
}

/** What is remembered may be used up no longer: nobody is refused for what was so half a minute ago. */
async function problemsAt(api: Api, who: Identity, service: LimitedService, needs: Need[]): Promise<Finding[]> {
  const wanted = needs.filter(({ amount }) => amount > 0);
  if (wanted.length === 0) return [];
  const problems = shortages(wanted, await api.limits.quotas(who, service, false));
  return problems.length === 0 ? [] : shortages(wanted, await api.limits.quotas(who, service, true));
}

function shortages(needs: Need[], quotas: Quotas = {}): Finding[] {
  return needs.flatMap(({ quota, unit, amount }) => {
    const { limit, used } = quotas[quota] ?? { limit: -1, used: 0 };
    const left = Math.max(0, limit - used);
    if (limit < 0 || amount <= left) return [];
    const message = `needs ${amount} ${unit}, ${left} of ${limit} left`;
    return [{ field: '', code: 'quota_exceeded', message: reasonSentence(reason('quota_exceeded', message)) }];
  });
}

/** Of a flavor that is not known only the number of servers counts. */
async function computeNeeds(api: Api, who: Identity, { servers }: ClusterPlan): Promise<Need[]> {
  const sizes = await Promise.all(
    servers.map(async ({ flavor, count }) => {
      const found = flavor === undefined ? undefined : await unlessNoName(() => api.references.flavor(who, flavor));
      return { cores: count * (found?.vcpus ?? 0), ramMib: count * (found?.ramMib ?? 0) };
    }),
  );
  return [
    { quota: 'instances', unit: 'servers', amount: servers.reduce((sum, { count }) => sum + count, 0) },
    { quota: 'cores', unit: 'cores', amount: sizes.reduce((sum, { cores }) => sum + cores, 0) },
    { quota: 'ram', unit: 'MiB of RAM', amount: sizes.reduce((sum, { ramMib }) => sum + ramMib, 0) },
  ];
}

function countedNeeds(service: string, { resources }: ClusterPlan): Need[] {
  return (COUNTED[service] ?? []).map(({ quota, unit, types }) => ({
    quota,
    unit,
    amount: types.reduce((sum, type) => sum + (resources[type] ?? 0), 0),
  }));
}

/** Cinder has a quota of each for all types, and of each for each type; and a limit for a single volume. */
function volumeNeeds({ volumes }: ClusterPlan): Need[] {
  const types = new Set(volumes.flatMap(({ type }) => (type === undefined ? [] : [type])));
  const largest = Math.max(0, ...volumes.filter(({ count }) => count > 0).map(({ sizeGib }) => sizeGib));
  const ofEach = { quota: 'per_volume_gigabytes', unit: 'GiB in one volume', amount: largest };
  const ofAll = [undefined, ...types].flatMap((type) => {
    const these = volumes.filter((volume) => type === undefined || volume.type === type);
    const [suffix, words] = type === undefined ? ['', ''] : [`_${type}`, ` of type ${type}`];
    return [
      { quota: `volumes${suffix}`, unit: `volumes${words}`, amount: these.reduce((sum, { count }) => sum + count, 0) },
      {
        quota: `gigabytes${suffix}`,
        unit: `GiB of volumes${words}`,
        amount: these.reduce((sum, { count, sizeGib }) => sum + count * sizeGib, 0),
      },
    ];
  });
  return [ofEach, ...ofAll];
}
