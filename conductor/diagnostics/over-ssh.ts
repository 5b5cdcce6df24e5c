import { MAX_NODE_BYTES } from '../../common/db/diagnostic-pieces.js';
import { MASTER_ROLE } from '../../common/db/node-groups.js';
import type { Node } from '../../common/db/nodes.js';
import { type SshCommand, SshError } from '../../common/ssh/run-over-ssh.js';
import type { DiagnosticDeps } from './claim.js';

/** What nodes know the key by; `templates/common/diagnostics-user.sh` makes it. */
const USER = 'bayou-diagnostics';
/** One that collects on a busy machine takes some seconds. */
const TIMEOUT_MS = 20_000;
/** Masters that are tried as a way to a node. */
const MAX_WAYS = 2;

export type SshOutcome =
  | { kind: 'collected'; bytes: Buffer }
  /** `foreign`: who showed another host key than a node has. */
  | { kind: 'failed'; problem: string; foreign?: string };

/** Asks a node that does not ask us: at an address of its own, else through a master. Only known host keys are talked to. */
export async function collectOverSsh(
  deps: DiagnosticDeps,
  node: Node,
  all: readonly Node[],
  privateKey: string | undefined,
): Promise<SshOutcome> {
  const ways = waysTo(node, all, deps.settings.diagnostics.ssh, privateKey !== undefined);
  if (typeof ways === 'string') return { kind: 'failed', problem: ways };
  let outcome: SshOutcome = { kind: 'failed', problem: 'neither it nor a master has an address that we reach' };
  for (const way of ways) {
    outcome = await attempt(deps, { ...way, privateKey: privateKey ?? '' });
    if (outcome.kind === 'collected' || outcome.foreign !== undefined) return outcome;
  }
  return outcome;
}

type Way = Pick<SshCommand, 'host' | 'through'>;

async function attempt({ ssh }: DiagnosticDeps, way: Way & { privateKey: string }): Promise<SshOutcome> {
  const limits = { maxBytes: MAX_NODE_BYTES, timeoutMs: TIMEOUT_MS };
  try {
    return { kind: 'collected', bytes: await ssh({ ...way, ...limits, user: USER, command: 'collect' }) };
  } catch (error) {
    if (!(error instanceof SshError)) throw error;
    const { problem, address, message } = error;
    return { kind: 'failed', problem: message, ...(problem === 'host_key' ? { foreign: address } : {}) };
  }
}

/** How it may be reached, the best way first; or why it is not asked. */
function waysTo(
  node: Node,
  all: readonly Node[],
  setting: DiagnosticDeps['settings']['diagnostics']['ssh'],
  hasKey: boolean,
): Way[] | string {
  if (setting === 'off') return '[diagnostics] ssh is off';
  if (!hasKey || node.nodeData.diagnostics === undefined) return 'it was made without a key for this';
  if (node.sshHostKey === undefined) return 'its host key is not known: it has not enrolled, or told none';
  const { private: own, public: floating } = node.addresses;
  const direct = floating ?? (setting === 'all' ? own : undefined);
  if (direct !== undefined) return [{ host: { address: direct, hostKey: node.sshHostKey } }];
  if (own === undefined) return 'its address is not known';
  const host = { address: own, hostKey: node.sshHostKey };
  return mastersThatReach(node, all).map((through) => ({ host, through: { ...through, command: `reach ${own}` } }));
}

function mastersThatReach(node: Node, all: readonly Node[]): { address: string; hostKey: string }[] {
  return all
    .filter(
      ({ uuid, role, nodeData }) => uuid !== node.uuid && role === MASTER_ROLE && nodeData.diagnostics !== undefined,
    )
    .toSorted((a, b) => Number(b.ready) - Number(a.ready) || (b.lastSeen ?? 0) - (a.lastSeen ?? 0))
    .flatMap(({ addresses, sshHostKey: hostKey }) =>
      addresses.public === undefined || hostKey === undefined ? [] : [{ address: addresses.public, hostKey }],
    )
    .slice(0, MAX_WAYS);
}
