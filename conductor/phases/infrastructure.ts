import { type AuthorityRole, ensureAuthority } from '../../common/authorities.js';
import { cloudResources } from '../../common/db/cloud-resources.js';
import { clusters } from '../../common/db/clusters.js';
import { nodes } from '../../common/db/nodes.js';
import { ServiceError } from '../../common/errors.js';
import type { Infrastructure, MasterPort, Vip } from '../../drivers/driver.js';
import { findStack } from '../../openstack/orchestration/stacks.js';
import { ensureStack } from '../heat/ensure-stack.js';
import { stackResource } from '../inventory.js';
import { infrastructureStackName, loadBalancerStackName } from '../names.js';
import type { Phase } from '../phase.js';
import type { Work } from '../work.js';
import { ensureSecrets } from './cluster-secrets.js';

/** Certificate authorities, secrets, and the stack of everything that must be there before a machine boots. */
export const infrastructure: Phase = {
  name: 'infrastructure',
  async run(work) {
    const plan = work.driver.planInfrastructure(await work.spec());
    for (const name of plan.authorities) await ensureClusterAuthority(work, name);
    await ensureSecrets(work, plan.secrets);
    const name = infrastructureStackName(work.namePrefix);
    const outcome = await ensureStack(work, name, plan.stack, { forget: () => forgetNodeData(work) });
    if (outcome.kind === 'done') await noteOutputs(work, name);
    return outcome;
  },
};

/** After masters have left: their ports, which their servers needed until the end, go too. */
export const trimInfrastructure: Phase = { ...infrastructure, name: 'trim_infrastructure' };

export async function ensureClusterAuthority(work: Work, name: string, role: AuthorityRole = 'current'): Promise<void> {
  const { cluster, deps } = work;
  const fencedDb = {
    ...deps.db,
    read: deps.db.read.bind(deps.db),
    transaction: work.fenced.bind(work),
    close: async () => {},
  };
  await ensureAuthority(fencedDb, deps, {
    owner: cluster.uuid,
    name,
    role,
    commonName: cluster.name,
    days: deps.settings.certificateDays,
  });
}

/** Made anew, the network gives other addresses: what the nodes were told is void. */
async function forgetNodeData(work: Work): Promise<void> {
  await work.fenced('forget node data', (trx) =>
    nodes.update(trx, { clusterId: work.cluster.uuid }, { nodeData: {}, certificateProfiles: {} }),
  );
}

/** Reads the stack's outputs once, for all phases that follow; its id shows as the cluster's `stack_id`. */
async function noteOutputs(work: Work, name: string): Promise<void> {
  const stack = await findStack(await work.account(), work.ctx, { name });
  if (stack === undefined) throw new ServiceError('unavailable', `Stack ${name} does not show its outputs yet`);
  await work.fenced('infrastructure outputs', async (trx) => {
    await clusters.update(trx, { uuid: work.cluster.uuid }, { stackId: stack.id });
    const resource = { clusterId: work.cluster.uuid, ...stackResource(name) };
    await cloudResources.update(trx, resource, { details: { outputs: JSON.stringify(stack.outputs) } });
  });
}

/** What the infrastructure stack has made, as the phase before noted it. */
export async function readInfrastructure(work: Work): Promise<Infrastructure> {
  const resource = { clusterId: work.cluster.uuid, ...stackResource(infrastructureStackName(work.namePrefix)) };
  const row = await work.deps.db.read('infrastructure outputs', (query) => cloudResources.find(query, resource));
  const { network_id, subnet_id, master_ports, vip, ...others } = JSON.parse(row?.details.outputs ?? '{}');
  const groups = Object.entries(others).flatMap(([output, id]) => {
    const role = /^(.+)_security_group$/.exec(output)?.[1];
    return role === undefined ? [] : [[role, String(id)]];
  });
  return {
    networkId: String(network_id),
    subnetId: String(subnet_id),
    securityGroups: Object.fromEntries(groups),
    masterPorts: readMasterPorts(master_ports),
    ...(vip === undefined ? {} : { vip: await readVip(work, vip) }),
  };
}

interface VipOutput {
  address?: string;
  floating_address?: string;
  floating_id?: string;
}

/** The address in the cluster's network is the infrastructure's, or that of the load balancer's own stack. */
async function readVip(work: Work, output: VipOutput): Promise<Vip> {
  const resource = { clusterId: work.cluster.uuid, ...stackResource(loadBalancerStackName(work.namePrefix)) };
  const row = await work.deps.db.read('load balancer address', (query) => cloudResources.find(query, resource));
  const address = output.address ?? row?.details.vipAddress;
  return {
    ...(address === undefined ? {} : { address }),
    ...(output.floating_address === undefined ? {} : { floatingAddress: output.floating_address }),
    ...(output.floating_id === undefined ? {} : { floatingId: output.floating_id }),
  };
}

interface MasterPortOutput {
  port_id: string;
  address: string;
  floating_address?: string;
}

function readMasterPorts(output: unknown): Record<string, MasterPort> {
  const ports = Object.entries((output ?? {}) as Record<string, MasterPortOutput>);
  return Object.fromEntries(
    ports.map(([name, port]) => [
      name,
      {
        portId: port.port_id,
        address: port.address,
        ...(port.floating_address === undefined ? {} : { floatingAddress: port.floating_address }),
      },
    ]),
  );
}
