import { gzipSync } from 'node:zlib';
import type { Cluster } from '../../common/db/clusters.js';
import type { Node } from '../../common/db/nodes.js';
import { errorText } from '../../common/errors.js';
import { findConsoleOutput, listServers } from '../../openstack/compute/servers.js';
import type { DiagnosticDeps } from './claim.js';

const LINES = 2000;
const MAX_BYTES = 262_144;

export type ConsoleOutcome = { kind: 'collected'; bytes: Buffer } | { kind: 'failed'; problem: string };

/** What Nova has of a machine that can't be asked: the end of its console, gzipped as a node's own part is. */
export async function collectFromConsole(deps: DiagnosticDeps, cluster: Cluster, node: Node): Promise<ConsoleOutcome> {
  const ctx = { timeoutMs: deps.settings.callTimeoutMs };
  try {
    const session = await deps.accounts.of(cluster);
    const id = node.serverId ?? (await listServers(session, ctx, { namePrefix: node.name })).find(isCalled(node))?.id;
    const text = id === undefined ? undefined : await findConsoleOutput(session, ctx, { id, lines: LINES });
    if (text === undefined) return { kind: 'failed', problem: 'Nova has no such server' };
    if (text.trim() === '') return { kind: 'failed', problem: 'it is empty' };
    return { kind: 'collected', bytes: gzipSync(Buffer.from(text).subarray(-MAX_BYTES)) };
  } catch (error) {
    return { kind: 'failed', problem: errorText(error) };
  }
}

function isCalled({ name }: Pick<Node, 'name'>) {
  return (server: { name: string }) => server.name === name;
}
