import { get } from 'node:https';
import { clientCertificate } from '../cloud/booted/docker-engine.js';
import { until } from '../support/until.js';
import { type Answers, AskingClient } from './asking-client.js';
import type { Kubectl } from './kubectl.js';
import { KubernetesCluster } from './kubernetes-cluster.js';
import type { WebPod } from './web.js';

/** Of all questions: a master that starts again ends its connections, and what it was asked then. */
const MAY_FAIL = 0.02;
/** Longer than the load balancer takes to miss a master. */
const GAP_LIMIT_MS = 10_000;
const ANSWER_LIMIT_MS = 10_000;
/** Until kubelet has brought what pods find beside their tokens. */
const PODS_LIMIT_MS = 180_000;
const TOKENS = '/var/run/secrets/kubernetes.io/serviceaccount';

jest.setTimeout(25 * 60_000);

type Tls = Awaited<ReturnType<typeof clientCertificate>>;

/** Status of an answer, or why there is none. */
function statusOf(url: string, options: { ca: string; cert?: string; key?: string; token?: string }): Promise<string> {
  const { token, ...tls } = options;
  const headers = { 'User-Agent': 'bayou', ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }) };
  return new Promise((resolve) => {
    const request = get(
      url,
      { ...tls, headers, agent: false, signal: AbortSignal.timeout(ANSWER_LIMIT_MS) },
      (answer) => {
        answer.resume();
        resolve(String(answer.statusCode));
      },
    );
    request.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}

describe('the certificate authorities of three masters and a node', () => {
  let cluster: KubernetesCluster;
  let url: string;
  let pods: WebPod[];
  let old: Tls;
  let fresh: Tls;

  beforeAll(async () => {
    cluster = await KubernetesCluster.order(3, 1);
    await cluster.watch.ended('CREATE_COMPLETE');
    url = String((await cluster.shown()).api_address);
    old = await clientCertificate(cluster.site.client, cluster.uuid);
    pods = await cluster.runWeb();
  });
  afterAll(() => cluster?.close());

  async function rotateUnder(tls: Tls): Promise<Answers> {
    const client = new AskingClient(`${url}/api/v1/namespaces/default`, tls);
    try {
      const answer = await cluster.site.client.patch(`/v1/certificates/${cluster.uuid}`);
      expect(answer.status).toBe(202);
      await cluster.watch.ended('UPDATE_COMPLETE');
    } finally {
      await client.stop();
    }
    const answers = await client.stop();
    const { asked, failures, longestGapMs } = answers;
    console.log(`${failures.length} of ${asked} failed, longest gap ${longestGapMs} ms`, failures.slice(0, 10));
    return answers;
  }

  function expectServed({ asked, failures, longestGapMs }: Answers): void {
    expect(longestGapMs).toBeLessThan(GAP_LIMIT_MS);
    expect(failures.length).toBeLessThanOrEqual(asked * MAY_FAIL);
  }

  async function expectPodsReached(kubectl: Kubectl): Promise<void> {
    expect((await kubectl.readyNodes()).sort()).toEqual(cluster.site.nodes.names().sort());
    for (const { name } of pods) {
      expect(await kubectl.run('exec', name, '--', '/bin/busybox', 'hostname')).toBe(`${name}\n`);
      expect(await kubectl.run('logs', name)).toBe(`${name} serves\n`);
    }
  }

  /** With what a pod that was there before finds in its files; only who is known may list the API's groups. */
  async function expectTokensGood(kubectl: Kubectl, authorities: number): Promise<void> {
    const read = (file: string) =>
      kubectl.run('exec', pods[0]?.name ?? '', '--', '/bin/busybox', 'cat', `${TOKENS}/${file}`);
    let ca = '';
    const isThere = async () => {
      ca = await read('ca.crt');
      return ca.match(/BEGIN/g)?.length === authorities;
    };
    await until(isThere, { limitMs: PODS_LIMIT_MS, everyMs: 2000, tell: () => ca });
    expect(await statusOf(`${url}/apis`, { ca, token: await read('token') })).toBe('200');
  }

  it('are joined by new ones while old clients are served', async () => {
    const before = await cluster.kubectl();

    expectServed(await rotateUnder(old));

    await expectPodsReached(before);
    await expectTokensGood(before, 2);
    fresh = await clientCertificate(cluster.site.client, cluster.uuid);
    expect(fresh.ca.match(/BEGIN/g)).toHaveLength(2);
    expect(await statusOf(`${url}/version`, fresh)).toBe('200');
  });

  it('end while new clients are served, and what they signed is refused', async () => {
    const kubectl = await cluster.kubectlAnew();

    expectServed(await rotateUnder(fresh));

    await expectPodsReached(kubectl);
    await expectTokensGood(kubectl, 1);
    const { ca } = await clientCertificate(cluster.site.client, cluster.uuid);
    expect(await statusOf(`${url}/api`, { ...old, ca })).toBe('401');
    expect(await statusOf(`${url}/api`, { ...fresh, ca: old.ca })).toMatch(/SELF_SIGNED|UNABLE_TO|SIGNATURE/);
    expect(await statusOf(`${url}/api`, { ...fresh, ca })).toBe('200');
    for (const name of cluster.site.nodes.names()) {
      const script = 'grep -c BEGIN /etc/kubernetes/pki/{cluster,nodes}-ca.crt';
      expect((await cluster.site.nodes.run(name, 'bash', '-c', script)).match(/:1$/gm)).toHaveLength(2);
    }
  });

  it('leave a cluster that runs what is new, and can be deleted to the end', async () => {
    const kubectl = await cluster.kubectl();
    const before = pods.map(({ name }) => name);
    await kubectl.run('delete', 'pods', '--all', '--now', '--wait=false');
    const areGone = async () => {
      const present = (await kubectl.list('pods', '.metadata.name')).flat();
      return !before.some((name) => present.includes(name));
    };
    await until(areGone, { limitMs: PODS_LIMIT_MS, everyMs: 1000 });
    pods = await cluster.runWeb();
    await expectTokensGood(kubectl, 1);

    await cluster.site.client.delete(`/v1/clusters/${cluster.uuid}`);
    await cluster.watch.gone();
    expect(cluster.site.left()).toEqual({});
  });
});
