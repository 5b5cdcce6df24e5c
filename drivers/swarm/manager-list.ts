import { MASTER_ROLE } from '../../common/db/node-groups.js';
import type { Node } from '../../common/db/nodes.js';
import type { NodeTaskPlan } from '../driver.js';
import { LOAD_BALANCER_STEP } from './load-balancer.js';

/**
 * HAProxy on a manager was told of those that there were when it was made. One that has not enrolled yet takes no
 * connections, and knows of the others by itself.
 */
export function tellManagers(nodes: readonly Node[]): NodeTaskPlan[] {
  const managers = nodes.filter(
    ({ role, state, enrolledAt }) => role === MASTER_ROLE && state === 'wanted' && enrolledAt !== undefined,
  );
  const addresses = managers.map((node) => node.addresses.private ?? '').join(',');
  return managers
    .filter(({ ready, nodeData }) => ready && stepsOf(nodeData).includes(LOAD_BALANCER_STEP))
    .map((manager) => ({
      runOn: manager,
      name: 'load-balancer',
      subject: manager.name,
      params: { managers: addresses },
      isKnown: addressesAtFirst(manager.nodeData) === addresses,
    }));
}

function stepsOf({ steps }: Node['nodeData']): unknown[] {
  return Array.isArray(steps) ? steps : [];
}

function addressesAtFirst({ settings }: Node['nodeData']): string {
  const { managers = [] } = (settings ?? {}) as { managers?: { address: string }[] };
  return managers.map(({ address }) => address).join(',');
}
