import { MASTER_ROLE } from '../common/db/node-groups.js';
import type { Node } from '../common/db/nodes.js';
import type { NodeTaskPlan } from './driver.js';
import { LOAD_BALANCER_STEP } from './load-balancer.js';

/**
 * HAProxy on a master was told of those that there were when it was made. One that has not enrolled yet takes no
 * connections, and knows of the others by itself.
 */
export function tellMasters(nodes: readonly Node[]): NodeTaskPlan[] {
  const masters = nodes.filter(
    ({ role, state, enrolledAt }) => role === MASTER_ROLE && state === 'wanted' && enrolledAt !== undefined,
  );
  const addresses = masters.map((node) => node.addresses.private ?? '').join(',');
  return masters
    .filter(({ ready, nodeData }) => ready && stepsOf(nodeData).includes(LOAD_BALANCER_STEP))
    .map((master) => ({
      runOn: master,
      name: 'load-balancer',
      subject: master.name,
      params: { masters: addresses },
      isKnown: addressesAtFirst(master.nodeData) === addresses,
    }));
}

function stepsOf({ steps }: Node['nodeData']): unknown[] {
  return Array.isArray(steps) ? steps : [];
}

function addressesAtFirst({ settings }: Node['nodeData']): string {
  const { masters = [] } = (settings ?? {}) as { masters?: { address: string }[] };
  return masters.map(({ address }) => address).join(',');
}
