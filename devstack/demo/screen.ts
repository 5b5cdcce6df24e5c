import type { ClusterView, NodeViewBody, OperationView } from './client.js';
import type { Orchestrator } from './orchestrators.js';

/** What the demo prints: a line whenever something changed, and tables at the end. Plain text, fit for a log too. */

export interface Snapshot {
  cluster: ClusterView;
  operation: OperationView | undefined;
  nodes: NodeViewBody[];
}

function nodeState(node: NodeViewBody): string {
  if (node.ready) return 'ready';
  const last = node.steps.at(-1);
  if (last === undefined) return node.server_id === null ? 'planned' : 'booting';
  return last.status === 'started' ? `${last.name} …` : `${last.name} ${last.status}`;
}

/** Phase of the operation, then what each node does. */
export function progressLine({ cluster, operation, nodes }: Snapshot): string {
  const phase = operation?.phase ?? '';
  const members = nodes.map((node) => `${shortName(node.name)}: ${nodeState(node)}`).join('  ');
  return `${cluster.status.padEnd(18)} ${phase.padEnd(15)} ${members}`.trimEnd();
}

function shortName(name: string): string {
  return name.split('-').slice(-2).join('-');
}

export function table(headings: string[], rows: (string | number | null)[][]): string {
  const cells = [headings, ...rows.map((row) => row.map((cell) => String(cell ?? '-')))];
  const widths = headings.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: string[]) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  const rule = widths.map((width) => '-'.repeat(width)).join('  ');
  return [line(cells[0] ?? []), rule, ...cells.slice(1).map(line)].join('\n');
}

export function clusterTable({ cluster }: Snapshot, { master }: Orchestrator): string {
  return table(
    ['cluster', 'status', 'health', `${master}s`, 'workers', 'address', 'version'],
    [
      [
        cluster.name,
        cluster.status,
        cluster.health_status,
        cluster.master_count,
        cluster.node_count,
        cluster.api_address,
        cluster.coe_version,
      ],
    ],
  );
}

export function nodeTable({ nodes }: Snapshot): string {
  const rows = nodes.map((node) => [
    node.name,
    node.role,
    nodeState(node),
    node.addresses.private ?? null,
    node.addresses.public ?? null,
  ]);
  return table(['node', 'role', 'state', 'private address', 'floating address'], rows);
}
