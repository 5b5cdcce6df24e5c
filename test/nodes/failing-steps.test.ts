import { until } from '../support/until.js';
import { GATEWAY } from './bridge.js';
import { KubernetesCluster, type MoreBills } from './kubernetes-cluster.js';
import type { NodeSite } from './site.js';

/** Shown with the bound of a busy machine; what is promised is 5 s. */
const TOLD_LIMIT_MS = 30_000;
const BOOT_LIMIT_MS = 60_000;
const STATUS_LIMIT_MS = 300_000;
const LOOK_MS = 50;
const REMEDY = "; user: the end of the step's log is among the cluster's nodes";

jest.setTimeout(10 * 60_000);

const WRONG_SUM = 'f'.repeat(64);
/** Of a file that only masters have. */
const withWrongSum: MoreBills = (bill) => [
  {
    ...bill,
    files: bill.files.map((file) => (file.name === 'kube-apiserver' ? { ...file, sha256: WRONG_SUM } : file)),
  },
];

interface Fault {
  what: string;
  node: 'master' | 'worker';
  bills?: MoreBills;
  /** What spoils the node, run there while it boots. */
  script(mirrorPort: string): string;
  /** In the status reason, after the name of the step and the node. */
  cause: RegExp;
  /** The line of the node's journal from which on somebody waits for an explanation. */
  since: RegExp;
}

const FAULTS: Fault[] = [
  {
    what: 'a file has the wrong checksum',
    node: 'master',
    bills: withWrongSum,
    script: () => 'true',
    cause: /\/kube-apiserver has the wrong checksum: [0-9a-f]{64} and not f{64};/,
    since: /has the wrong checksum/,
  },
  {
    what: 'the disk has no room',
    node: 'worker',
    script: () => 'mkdir -p /var/lib/bayou && mount -t tmpfs -o size=64m,mode=0755 small /var/lib/bayou',
    cause: /\/kubelet has no room on this node's disk: \S+ are free;/,
    since: /has no room on this node's disk/,
  },
  {
    what: 'the mirror swallows what is sent to it',
    node: 'worker',
    script: (port) => `iptables --insert OUTPUT --destination ${GATEWAY} --protocol tcp --dport ${port} --jump DROP`,
    cause: /the mirror http:\S+ does not answer this node;/,
    since: /step software$/,
  },
];

describe('a step that fails on one node', () => {
  let cluster: KubernetesCluster | undefined;
  afterEach(() => cluster?.close());

  it.each(FAULTS)('is told with node, step, cause and remedy, when $what', async (fault) => {
    const failing = await KubernetesCluster.order(1, 1, { moreBills: fault.bills });
    cluster = failing;
    const { site } = failing;
    const node = await booting(site, fault.node);
    await site.nodes.run(node, 'bash', '-c', fault.script(new URL(site.mirror?.url ?? '').port));

    const hasFailed = async () => (await failing.shown()).status === 'CREATE_FAILED';
    await until(hasFailed, { limitMs: STATUS_LIMIT_MS, everyMs: LOOK_MS, tell: () => site.nodes.journal(node) });
    const toldAt = Date.now();

    const why = (await failing.shown()).status_reason;
    expect(why).toMatch(`Step software of node ${node} failed: `);
    expect(why).toMatch(fault.cause);
    expect(why).toMatch(REMEDY);
    const tookMs = toldAt - (await momentOf(site, node, fault.since));
    console.log(`${fault.what}: told after ${tookMs} ms`);
    expect(tookMs).toBeLessThan(TOLD_LIMIT_MS);
  });
});

/** @returns the first node of this role, whose machine runs and has not come to its steps yet */
async function booting({ nodes }: NodeSite, role: string): Promise<string> {
  const find = () => nodes.names().find((name) => name.includes(role)) ?? '';
  const runs = () =>
    nodes.run(find(), 'true').then(
      () => true,
      () => false,
    );
  await until(runs, { limitMs: BOOT_LIMIT_MS, everyMs: LOOK_MS });
  return find();
}

/** @returns epoch milliseconds of the first such line of the node's journal */
async function momentOf({ nodes }: NodeSite, node: string, line: RegExp): Promise<number> {
  const journal = await nodes.run(node, 'journalctl', '--no-pager', '--output', 'short-unix', '--unit', 'bayou-node');
  const found = journal.split('\n').find((each) => line.test(each));
  if (found === undefined) throw new Error(`Not in the journal of ${node}: ${line}\n${journal}`);
  return Math.round(Number.parseFloat(found) * 1000);
}
