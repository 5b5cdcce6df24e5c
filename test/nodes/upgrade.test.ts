import { clientCertificate } from '../cloud/booted/docker-engine.js';
import { type Answers, AskingClient } from './asking-client.js';
import { KubernetesCluster } from './kubernetes-cluster.js';
import { VERSION } from './kubernetes-mirror.js';
import { BROKEN, billsOfMadeVersions, NEXT } from './made-versions.js';

/** Of all questions: a node that changes ends its connections, and what it was asked in that moment. */
const MAY_FAIL = 0.01;
/** Longer than the load balancer takes to miss a master, however busy the machine. */
const GAP_LIMIT_MS = 15_000;

jest.setTimeout(20 * 60_000);

/** Since when these run: another moment when they were started anew. */
const STARTED = 'systemctl show --property ActiveEnterTimestampMonotonic kubelet kube-proxy containerd';

describe('the upgrade of a cluster of three masters and two nodes', () => {
  let cluster: KubernetesCluster;

  beforeAll(async () => {
    cluster = await KubernetesCluster.order(3, 2, { moreBills: billsOfMadeVersions });
    await cluster.watch.ended('CREATE_COMPLETE');
  });
  afterAll(() => cluster?.close());

  const named = (part: string) =>
    cluster.site.nodes
      .names()
      .filter((name) => name.includes(part))
      .sort();
  const started = (node: string) => cluster.site.nodes.run(node, 'bash', '-c', STARTED);

  /** Node → what its kubelet says that it is, and what else keeps it from its work. */
  async function nodes(): Promise<Record<string, string>> {
    const paths = ['.metadata.name', '.status.nodeInfo.kubeletVersion', '.spec.unschedulable'];
    const rows = await (await cluster.kubectl()).list('nodes', ...paths);
    return Object.fromEntries(rows.map(([name, ...words]) => [name, words.filter((word) => word !== '').join(' ')]));
  }

  async function upgradeTo(version: string, status: string): Promise<Answers> {
    const { api_address: address } = await cluster.shown();
    const tls = await clientCertificate(cluster.site.client, cluster.uuid);
    const client = new AskingClient(`${address}/api/v1/namespaces/default`, tls);
    try {
      await cluster.upgradeTo(version);
      await cluster.watch.ended(status);
    } finally {
      await client.stop();
    }
    const answers = await client.stop();
    const { asked, failures, longestGapMs } = answers;
    console.log(
      `to ${version}: ${failures.length} of ${asked} failed, longest gap ${longestGapMs} ms`,
      failures.slice(0, 10),
    );
    return answers;
  }

  const expectServed = ({ asked, failures, longestGapMs }: Answers) => {
    expect(failures.length).toBeLessThanOrEqual(asked * MAY_FAIL);
    expect(longestGapMs).toBeLessThan(GAP_LIMIT_MS);
  };

  it('goes through all of them while its API answers', async () => {
    expect(new Set(Object.values(await nodes()))).toEqual(new Set([VERSION]));

    const answers = await upgradeTo(NEXT, 'UPDATE_COMPLETE');

    expect(Object.values(await nodes())).toEqual(Array(5).fill(NEXT));
    expect(await cluster.shown()).toMatchObject({ coe_version: NEXT });
    expect(await (await cluster.kubectl()).readyNodes()).toHaveLength(5);
    expectServed(answers);
  });

  it('stops at the first worker that it breaks, and takes it back', async () => {
    const [canary = '', other = ''] = named('worker');
    const before = await started(other);

    const answers = await upgradeTo(BROKEN, 'UPDATE_FAILED');

    const { status_reason: why, coe_version: version } = await cluster.shown();
    expect(why).toMatch(`node ${canary} did not get ${BROKEN}`);
    expect(why).toMatch(/at kubelet: .*this kubelet is broken; it went back to what it had/);
    expect(version).toBe(BROKEN);
    const masters = named('master').map((name) => [name, BROKEN]);
    expect(await nodes()).toEqual({ ...Object.fromEntries(masters), [canary]: NEXT, [other]: NEXT });
    expect(await started(other)).toBe(before);
    expect((await (await cluster.kubectl()).readyNodes()).sort()).toEqual(cluster.site.nodes.names().sort());
    expectServed(answers);
  });

  it('leaves a cluster that can be deleted to the end', async () => {
    await cluster.site.client.delete(`/v1/clusters/${cluster.uuid}`);
    await cluster.watch.gone();

    expect(cluster.site.left()).toEqual({});
  });
});
