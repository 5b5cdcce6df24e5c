import { cloudResources } from '../../common/db/cloud-resources.js';
import { nodes } from '../../common/db/nodes.js';
import { findResource } from '../../openstack/orchestration/resources.js';
import { findStack } from '../../openstack/orchestration/stacks.js';
import { ensureStack } from '../heat/ensure-stack.js';
import { stackResource } from '../inventory.js';
import { loadBalancerStackName } from '../names.js';
import { done, type Phase, type PhaseOutcome } from '../phase.js';
import type { Work } from '../work.js';
import { readInfrastructure } from './infrastructure.js';

/**
 * Orders the load balancer and learns its address. It comes up beside the nodes, but its address stands
 * in certificates, so it must be known before they are told anything. Heat shows it from the moment in
 * which the cloud accepted the load balancer; it takes no port of ours for it (`vip_port_id` is no property).
 */
export const loadBalancer: Phase = {
  name: 'load_balancer',
  async run(work) {
    const outcome = await ensureLoadBalancer(work);
    if (outcome === undefined) return done;
    if (outcome.kind === 'failed' || outcome.kind === 'blocked') return outcome;
    if (await noteAddress(work)) return done;
    // For the address, which is there before the stack is done.
    return outcome.kind === 'wait' ? { ...outcome, stackNames: undefined } : outcome;
  },
};

/** Undefined when the cluster has none that is a stack. */
export async function ensureLoadBalancer(work: Work): Promise<PhaseOutcome | undefined> {
  if (!work.cluster.masterLbEnabled) return undefined;
  const [spec, infrastructure] = await Promise.all([work.spec(), readInfrastructure(work)]);
  const plan = work.driver.planLoadBalancer?.(spec, infrastructure);
  if (plan === undefined) return undefined;
  return ensureStack(work, loadBalancerStackName(work.namePrefix), plan, { forget: () => forgetAddress(work) });
}

/** Whether the address is known. */
async function noteAddress(work: Work): Promise<boolean> {
  const name = loadBalancerStackName(work.namePrefix);
  if ((await readInfrastructure(work)).vip?.address !== undefined) return true;
  const session = await work.account();
  const stack = await findStack(session, work.ctx, { name });
  const resource = stack && (await findResource(session, work.ctx, stack, 'load_balancer'));
  const address = resource?.attributes.vip_address;
  if (typeof address !== 'string' || address === '') return false;
  await writeAddress(work, { vipAddress: address });
  return true;
}

async function writeAddress(work: Work, details: Record<string, string>): Promise<void> {
  const key = { clusterId: work.cluster.uuid, ...stackResource(loadBalancerStackName(work.namePrefix)) };
  await work.fenced('load balancer address', (trx) => cloudResources.update(trx, key, { details }));
}

/** Made anew it has another address: what the nodes were told is void. */
async function forgetAddress(work: Work): Promise<void> {
  await writeAddress(work, {});
  await work.fenced('forget node data', (trx) =>
    nodes.update(trx, { clusterId: work.cluster.uuid }, { nodeData: {}, certificateProfiles: {} }),
  );
}
