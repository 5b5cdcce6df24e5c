import { certificates } from '../../common/db/certificates.js';
import { type NodeGroup, nodeGroups } from '../../common/db/node-groups.js';
import { type Node, nodes } from '../../common/db/nodes.js';
import { secrets } from '../../common/db/secrets.js';
import { issueTicket, TICKET_KEY_USE } from '../../common/enrolment-ticket.js';
import type { Infrastructure, ServerPlan } from '../../drivers/driver.js';
import { findImage } from '../../openstack/image/images.js';
import { ensureNoStack, ensureStack } from '../heat/ensure-stack.js';
import { listInventory } from '../inventory.js';
import { isNodeStackName, nodeStackName } from '../names.js';
import { done, type Phase, type PhaseOutcome } from '../phase.js';
import type { Work } from '../work.js';
import { readInfrastructure } from './infrastructure.js';
import { ensureLoadBalancer } from './load-balancer.js';

/**
 * The servers: per node group flat stacks of a bounded number, all brought to their plan side by side,
 * and the load balancer, ordered before, that comes up beside them.
 * A node belongs to the stack of its ordinal, so no other stack changes when it comes or goes.
 */
export const nodeStacks: Phase = {
  name: 'node_stacks',
  async run(work) {
    const [groups, all, infrastructure] = await Promise.all([work.groups(), work.nodes(), readInfrastructure(work)]);
    const stacks = groups.flatMap((group) => stacksOf(work, group, all));
    const names = new Set(stacks.map(({ name }) => name));
    const empty = (await emptyStackNames(work, names)).map((name) => () => removeStack(work, name));
    const full = stacks.map((stack) => () => ensureNodeStack(work, infrastructure, stack));
    const before = async () => (await ensureLoadBalancer(work)) ?? done;
    return combine(await Promise.all([before, ...full, ...empty].map((ensure) => ensure())));
  },
};

interface NodeStack {
  name: string;
  group: NodeGroup;
  nodes: Node[];
}

function stacksOf(work: Work, group: NodeGroup, all: Node[]): NodeStack[] {
  const stacks = new Map<string, NodeStack>();
  for (const node of all) {
    if (node.nodeGroupId !== group.uuid || node.state !== 'wanted') continue;
    const name = nodeStackName(
      work.namePrefix,
      group,
      Math.floor(node.ordinal / work.deps.settings.maxServersPerStack),
    );
    const stack = stacks.get(name) ?? { name, group, nodes: [] };
    stack.nodes.push(node);
    stacks.set(name, stack);
  }
  return [...stacks.values()];
}

/** Stacks in the inventory that have no node any more. */
async function emptyStackNames(work: Work, used: Set<string>): Promise<string[]> {
  const inventory = await listInventory(work);
  return inventory
    .filter(({ type, state, name }) => type === 'stack' && state !== 'gone' && isNodeStackName(name) && !used.has(name))
    .map(({ name }) => name);
}

async function removeStack(work: Work, name: string): Promise<PhaseOutcome> {
  return ensureNoStack(work, { session: await work.account() }, name);
}

async function ensureNodeStack(work: Work, infrastructure: Infrastructure, stack: NodeStack): Promise<PhaseOutcome> {
  const { cluster, template, deps } = work;
  const plan = work.driver.planNodeStack({
    servers: stack.nodes.map((node) => serverPlan(work, infrastructure, stack.group, node)),
    userData: deps.userData(work.driver, await distroOf(work, stack.group)),
    keyName: cluster.sshPublicKey === undefined ? undefined : work.namePrefix,
    networkId: infrastructure.networkId,
    subnetId: infrastructure.subnetId,
    externalNetwork: template.externalNetworkId,
    availabilityZone: stack.group.labels.availability_zone ?? cluster.labels.availability_zone,
    labels: cluster.labels,
    networkDriver: template.networkDriver,
    metadata: { bayou_cluster: cluster.uuid },
  });
  const outcome = await ensureStack(work, stack.name, plan, {
    isHarmless: stack.nodes.every(({ enrolledAt }) => enrolledAt === undefined),
    forget: () => forgetReports(work, stack),
  });
  return outcome.kind === 'failed'
    ? { ...outcome, faults: { [stack.group.name]: outcome.reason.message, ...outcome.faults } }
    : outcome;
}

/** That of the template's image is known; a group may have an image of its own. */
async function distroOf(work: Work, { imageId }: NodeGroup): Promise<string> {
  const { clusterDistro, imageId: usual } = work.template;
  if (imageId === undefined || imageId === usual) return clusterDistro ?? '';
  return (await findImage(await work.account(), work.ctx, imageId))?.osDistro ?? '';
}

function serverPlan(work: Work, infrastructure: Infrastructure, group: NodeGroup, node: Node): ServerPlan {
  const { cluster, template, deps } = work;
  const port = infrastructure.masterPorts[node.name];
  const ownFlavor = group.flavorId ?? (group.role === 'master' ? template.masterFlavorId : undefined);
  const flavor = ownFlavor ?? cluster.flavorId ?? template.flavorId;
  const ticket = issueTicket(deps.sealer.derive(TICKET_KEY_USE), {
    nodeId: node.uuid,
    clusterId: cluster.uuid,
    issuedAt: node.createdAt,
    expiresAt: node.ticketExpiresAt ?? 0,
  });
  return {
    name: node.name,
    flavor: flavor ?? '',
    image: group.imageId ?? template.imageId,
    securityGroup: infrastructure.securityGroups[group.role] ?? infrastructure.securityGroups.worker ?? '',
    ...(port === undefined ? {} : { portId: port.portId }),
    floatingAddress: cluster.floatingIpEnabled || work.driver.needsFloatingAddress?.(group) === true,
    volumes: work.driver.planVolumes(group, cluster.labels),
    nodeJson: Buffer.from(JSON.stringify(node.nodeData)).toString('base64'),
    ticket,
  };
}

/** New machines will enrol in the place of those that were lost, and send their own values of what these had sent. */
async function forgetReports(work: Work, stack: NodeStack): Promise<void> {
  await work.fenced('forget node reports', async (trx) => {
    for (const { uuid } of stack.nodes) {
      await nodes.update(
        trx,
        { uuid },
        {
          enrolledKey: undefined,
          enrolledAt: undefined,
          sshHostKey: undefined,
          serverId: undefined,
          steps: [],
          ready: false,
          fault: undefined,
        },
      );
      // Also what is signed once only.
      await certificates.delete(trx, { owner: work.cluster.uuid, nodeId: uuid });
    }
    for (const { id, writableBy } of await secrets.list(trx, { owner: work.cluster.uuid })) {
      if (writableBy.includes(stack.group.role)) await secrets.update(trx, { id }, { sealed: undefined });
    }
    await nodeGroups.update(trx, { uuid: stack.group.uuid }, { updatedAt: work.now() });
  });
}

/** A failure outweighs everything; then what must be waited for. */
export function combine(outcomes: PhaseOutcome[]): PhaseOutcome {
  const order = ['failed', 'blocked', 'wait'] as const;
  for (const kind of order) {
    const found = outcomes.filter((outcome) => outcome.kind === kind);
    const [first] = found;
    if (first?.kind === 'wait') {
      const waits = found.flatMap((outcome) => (outcome.kind === 'wait' ? [outcome] : []));
      const why = waits.find((wait) => wait.reason !== undefined);
      const forStacksOnly = waits.every((wait) => wait.stackNames !== undefined);
      return {
        ...first,
        ...why,
        waitingFor: waits.map((wait) => wait.waitingFor).join(', '),
        stackNames: forStacksOnly ? waits.flatMap((wait) => wait.stackNames ?? []) : undefined,
      };
    }
    if (first !== undefined) return first;
  }
  return done;
}
