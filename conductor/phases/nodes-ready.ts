import { type Node, nodes } from '../../common/db/nodes.js';
import { reason } from '../../common/reasons.js';
import { listServers, type Server } from '../../openstack/compute/servers.js';
import { done, type Phase, type PhaseOutcome } from '../phase.js';
import type { Work } from '../work.js';

/**
 * Waits until every node has said that its orchestrator is up. A step that failed ends it; one that waits for others
 * shows meanwhile.
 */
export const nodesReady: Phase = {
  name: 'nodes_ready',
  async run(work) {
    await noteServers(work);
    const wanted = (await work.nodes()).filter(({ state }) => state === 'wanted');
    const failed = wanted.find((node) => hasFailed(node, work.operation.createdAt));
    if (failed?.fault !== undefined) {
      return { kind: 'failed', reason: failed.fault, faults: { [failed.name]: failed.fault.message } };
    }
    const missing = wanted.filter(({ ready }) => !ready);
    return missing.length === 0 ? done : waitFor(missing, wanted.length, work.deps.settings.pollMs);
  },
};

/** In this operation, and not while the node tries once more: what it says next counts. */
function hasFailed({ steps }: Node, since: number): boolean {
  return steps.some(({ status, at }) => status === 'failed' && at >= since);
}

function waitFor(missing: Node[], total: number, pollMs: number): PhaseOutcome {
  const silent = missing.filter(({ enrolledAt }) => enrolledAt === undefined);
  const names = (some: Node[]) =>
    some
      .slice(0, 5)
      .map(({ name }) => name)
      .join(', ');
  const told = missing.find(({ fault }) => fault !== undefined)?.fault;
  const waiting: PhaseOutcome = {
    kind: 'wait',
    afterMs: pollMs,
    waitingFor: `${missing.length} of ${total} nodes: ${names(missing)}`,
    ...(told === undefined ? {} : { reason: told }),
  };
  const first = silent[0];
  if (first === undefined) return waiting;
  // Others may wait for one of these.
  const message = `${silent.length} of ${total} nodes never reported: ${names(silent)}`;
  return { ...waiting, onTimeout: reason('node_silent', message, { resource: `node ${first.name}` }) };
}

/** Writes down which server each node is, and its addresses, as Nova knows them. */
async function noteServers(work: Work): Promise<void> {
  const unknown = (await work.nodes()).filter(({ state, serverId }) => state === 'wanted' && serverId === undefined);
  if (unknown.length === 0) return;
  const servers = await listServers(await work.account(), work.ctx, { namePrefix: work.namePrefix });
  const byName = new Map(servers.map((server) => [server.name, server]));
  await work.fenced('note servers', async (trx) => {
    for (const node of unknown) {
      const server = byName.get(node.name);
      if (server === undefined) continue;
      const addresses = { ...node.addresses, ...addressesOf(server) };
      await nodes.update(trx, { uuid: node.uuid }, { serverId: server.id, addresses, updatedAt: work.now() });
    }
  });
}

function addressesOf(server: Server): Node['addresses'] {
  const fixed = server.addresses.find(({ kind }) => kind === 'fixed')?.address;
  const floating = server.addresses.find(({ kind }) => kind === 'floating')?.address;
  return {
    ...(fixed === undefined ? {} : { private: fixed }),
    ...(floating === undefined ? {} : { public: floating }),
  };
}
