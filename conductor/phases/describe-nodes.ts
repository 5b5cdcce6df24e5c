import { type Node, nodes } from '../../common/db/nodes.js';
import type { ClusterSpec, Infrastructure } from '../../drivers/driver.js';
import { ensureDiagnosticsKey } from '../diagnostics/diagnostics-key.js';
import { done, type Phase } from '../phase.js';
import type { Work } from '../work.js';
import { readInfrastructure } from './infrastructure.js';

/** Fixes what each new node is told, once the addresses are known, and how long its ticket is good. */
export const describeNodes: Phase = {
  name: 'describe_nodes',
  async run(work) {
    const undescribed = (await work.nodes()).filter(
      ({ state, nodeData }) => state === 'wanted' && Object.keys(nodeData).length === 0,
    );
    if (undescribed.length === 0) return done;
    const [spec, infrastructure] = await Promise.all([work.spec(), readInfrastructure(work)]);
    const sshKey = await ensureDiagnosticsKey(work);
    await work.fenced('describe nodes', async (trx) => {
      for (const node of undescribed) {
        await nodes.update(trx, { uuid: node.uuid }, describe(work, { spec, infrastructure, sshKey }, node));
      }
    });
    return done;
  },
};

/** What all nodes have in common. */
interface Common {
  spec: ClusterSpec;
  infrastructure: Infrastructure;
  /** Of the cluster, for diagnostics; the public half. */
  sshKey: string;
}

function describe(work: Work, { spec, infrastructure, sshKey }: Common, node: Node): Partial<Node> {
  const plan = work.driver.planNode(spec, infrastructure, node);
  const port = infrastructure.masterPorts[node.name];
  const addresses: Node['addresses'] = port === undefined ? {} : { private: port.address };
  if (port?.floatingAddress !== undefined) addresses.public = port.floatingAddress;
  return {
    nodeData: {
      version: 1,
      cluster: { id: spec.clusterId, name: spec.clusterName },
      node: {
        id: node.uuid,
        name: node.name,
        role: node.role,
        ordinal: node.ordinal,
        address: addresses.private ?? '',
      },
      listener: { url: spec.listener.url, ca: spec.listener.caPem },
      steps: plan.steps,
      heartbeat_seconds: spec.heartbeatSeconds,
      diagnostics: { ssh_key: sshKey },
      settings: plan.settings,
    },
    certificateProfiles: plan.certificateProfiles,
    addresses,
    // A deadline may stand still while someone must act; the ticket outlasts that.
    ticketExpiresAt: work.operation.deadlineAt + work.deps.settings.maxBlockedMs,
    updatedAt: work.now(),
  };
}
