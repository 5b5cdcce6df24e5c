import { MASTER_ROLE } from '../../common/db/node-groups.js';
import type { Node } from '../../common/db/nodes.js';
import type { UpgradeParams } from '../../common/db/operations.js';
import { ServiceError } from '../../common/errors.js';
import type { UpgradeTasks } from '../../drivers/driver.js';
import type { Work } from '../work.js';

/** What the operation is to reach, and by which tasks. */
export interface Upgrade {
  params: UpgradeParams;
  tasks: UpgradeTasks;
}

export function upgradeOf({ operation, driver }: Work): Upgrade {
  const { upgrade: params } = operation.params;
  const { upgrade: tasks } = driver.tasks;
  if (params === undefined || tasks === undefined) {
    throw new ServiceError(
      'internal',
      `The operation ${operation.uuid} is no upgrade that driver ${driver.name} can do`,
    );
  }
  return { params, tasks };
}

/** The nodes that it is about, each list in the order in which they have their turn. */
export function subjectsOf(
  all: readonly Node[],
  { nodeGroupIds }: UpgradeParams,
): { masters: Node[]; workers: Node[] } {
  const subjects = all
    .filter(({ state, nodeGroupId }) => state === 'wanted' && nodeGroupIds.includes(nodeGroupId))
    .toSorted((a, b) => a.ordinal - b.ordinal);
  return {
    masters: subjects.filter(({ role }) => role === MASTER_ROLE),
    workers: subjects.filter(({ role }) => role !== MASTER_ROLE),
  };
}

/** A worker's work moves when there is another one to take it. What it runs goes on while its own agent changes. */
export function drains(all: readonly Node[], { uuid, role }: Node): boolean {
  return (
    role !== MASTER_ROLE &&
    all.some((other) => other.uuid !== uuid && other.state === 'wanted' && other.role !== MASTER_ROLE)
  );
}
