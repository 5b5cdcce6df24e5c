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
];

const SWALLOWED: Fault = {
  what: 'the mirror swallows what is sent to it',
  node: 'worker',
  script: (port) => `iptables --insert OUTPUT ${toMirror(port)}`,
  cause: /the mirror http:\S+ does not answer this node;/,
  since: /step software$/,
};

const toMirror = (port: string) => `--destination ${GATEWAY} --protocol tcp --dport ${port} --jump DROP`;

describe('a step that fails on one node', () => {
  let cluster: KubernetesCluster | undefined;
  afterEach(() => cluster?.close());

  /** @returns the cluster with the spoilt node, once its status has a reason */
  async function told(fault: Fault): Promise<{ failing: KubernetesCluster; node: string; why: string }> {
    const failing = await KubernetesCluster.order(1, 1, { moreBills: fault.bills });
    cluster = failing;
    const { site } = failing;
    const node = await booting(site, fault.node);
    await site.nodes.run(node, 'bash', '-c', fault.script(portOf(site)));

    const isTold = async () => ((await failing.shown()).status_reason ?? '') !== '';
    await until(isTold, { limitMs: STATUS_LIMIT_MS, everyMs: LOOK_MS, tell: () => site.nodes.journal(node) });
    const toldAt = Date.now();

    const why = String((await failing.shown()).status_reason);
    const tookMs = toldAt - (await momentOf(site, node, fault.since));
    console.log(`${fault.what}: told after ${tookMs} ms`);
    expect(tookMs).toBeLessThan(TOLD_LIMIT_MS);
    return { failing, node, why };
  }

  it.each(FAULTS)('ends the create, with node, step, cause and remedy, when $what', async (fault) => {
    const { failing, node, why } = await told(fault);

    expect((await failing.shown()).status).toBe('CREATE_FAILED');
    expect(why).toMatch(`Step software of node ${node} failed: `);
    expect(why).toMatch(fault.cause);
    expect(why).toMatch(REMEDY);
  });

  it('is told while the node tries again, and gone when it gets through, when the mirror is away', async () => {
    const { failing, node, why } = await told(SWALLOWED);
    const { site } = failing;

    expect((await failing.shown()).status).toBe('CREATE_IN_PROGRESS');
    expect(why).toMatch(`Step software of node ${node} waits: `);
    expect(why).toMatch(SWALLOWED.cause);
    await site.nodes.run(node, 'bash', '-c', `iptables --delete OUTPUT ${toMirror(portOf(site))}`);
    await failing.watch.ended('CREATE_COMPLETE');
    expect((await failing.shown()).status_reason).toBeNull();
  });
});

function portOf({ mirror }: NodeSite): string {
  return new URL(mirror?.url ?? '').port;
}

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
