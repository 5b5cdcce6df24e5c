import type { Reason } from '../reasons.js';
import type { Query } from './database.js';
import { Table } from './table.js';

/** `wanted`: should exist. `leaving`: its work is to move, then the server goes. */
export type NodeState = 'wanted' | 'leaving';

/** `waiting`: it ended without what it needs of others. The node tries both again, `waiting` and `failed`. */
export type StepStatus = 'started' | 'done' | 'failed' | 'waiting';

export interface NodeStep {
  name: string;
  status: StepStatus;
  /** Last lines of the step's log, scrubbed. Only of steps that failed or wait. */
  logTail?: string;
  at: number;
}

/** What a certificate of this profile holds; a node asks by name and gets exactly this. */
export interface CertificateProfile {
  /** Name of the cluster's CA that signs. */
  ca: string;
  commonName: string;
  organization?: string;
  usages: ('client' | 'server')[];
  /** DNS names and IP addresses. */
  names: string[];
  /** Default: two years. What is good for minutes gives a right that nobody should have for long: told as an event. */
  lifetimeMinutes?: number;
  /** Signed for one key only, ever. */
  once?: boolean;
}

export interface NodeAddresses {
  /** In the cluster's network. */
  private?: string;
  /** Floating. */
  public?: string;
}

export interface NodeLoad {
  /** Per cent of all cores. */
  cpuPercent?: number;
  memoryPercent?: number;
  diskPercent?: number;
}

/** One row per machine that should exist. */
export interface Node {
  id: number;
  uuid: string;
  clusterId: string;
  projectId: string;
  nodeGroupId: string;
  /** Also the server's and the host's name. */
  name: string;
  role: string;
  ordinal: number;
  state: NodeState;
  /** `node.json`, fixed when the row is made. */
  nodeData: Record<string, unknown>;
  certificateProfiles: Record<string, CertificateProfile>;
  /** Until when its enrolment ticket is good. */
  ticketExpiresAt: number | undefined;
  /** SHA-256 of the public key that enrolled, hex: the ticket is bound to it. */
  enrolledKey: string | undefined;
  enrolledAt: number | undefined;
  sshHostKey: string | undefined;
  serverId: string | undefined;
  addresses: NodeAddresses;
  steps: NodeStep[];
  ready: boolean;
  load: NodeLoad;
  /** What the orchestrator on the node says of itself: `state`, `version` and the like. */
  orchestrator: Record<string, string>;
  fault: Reason | undefined;
  lastSeen: number | undefined;
  /** When it last said something other than that it is there. */
  reportedAt: number | undefined;
  createdAt: number;
  updatedAt: number | undefined;
}

export const nodes = new Table<Node>('nodes', {
  id: 'number',
  uuid: 'text',
  clusterId: 'text',
  projectId: 'text',
  nodeGroupId: 'text',
  name: 'text',
  role: 'text',
  ordinal: 'number',
  state: 'text',
  nodeData: 'json',
  certificateProfiles: 'json',
  ticketExpiresAt: 'number',
  enrolledKey: 'text',
  enrolledAt: 'number',
  sshHostKey: 'text',
  serverId: 'text',
  addresses: 'json',
  steps: 'json',
  ready: 'boolean',
  load: 'json',
  orchestrator: 'json',
  fault: 'json',
  lastSeen: 'number',
  reportedAt: 'number',
  createdAt: 'number',
  updatedAt: 'number',
});

/** Whether a caller who names nodes by server id, uuid, name or ordinal means this one. */
export function isNamed(node: Pick<Node, 'serverId' | 'uuid' | 'name' | 'ordinal'>, names: readonly string[]): boolean {
  const own = [node.serverId, node.uuid, node.name, String(node.ordinal)];
  return own.some((name) => name !== undefined && names.includes(name));
}

/** What views of clusters need of their nodes, without the large columns; one query for a whole page. */
export type NodeAddressRow = Pick<Node, 'clusterId' | 'nodeGroupId' | 'role' | 'state' | 'addresses'>;

export async function listNodeAddresses(query: Query, clusterIds: string[]): Promise<NodeAddressRow[]> {
  if (clusterIds.length === 0) return [];
  const rows = await nodes
    .rows(query)
    .whereIn('cluster_id', clusterIds)
    .orderBy('id')
    .select('cluster_id', 'node_group_id', 'role', 'state', 'addresses');
  return rows.map((row: Record<string, string>) => ({
    clusterId: row.cluster_id,
    nodeGroupId: row.node_group_id,
    role: row.role,
    state: row.state,
    addresses: JSON.parse(row.addresses ?? '{}'),
  }));
}

/** Says for many nodes at once when they were last heard of. */
export async function touchNodes(query: Query, uuids: string[], lastSeen: number): Promise<void> {
  for (let start = 0; start < uuids.length; start += 500) {
    await nodes
      .rows(query)
      .whereIn('uuid', uuids.slice(start, start + 500))
      .update({ last_seen: lastSeen });
  }
}
