import { readdirSync, readFileSync } from 'node:fs';
import { parse as fileOf } from 'node:path';
import { templatePath } from '../../common/package-root.js';
import { manifest } from '../../drivers/kubernetes/manifest.js';
import { until } from '../support/until.js';
import { KubernetesCluster } from './kubernetes-cluster.js';

/** A master that is lost is named by then. */
const HEALTH_LIMIT_MS = 60_000;
const RECOVERY_LIMIT_MS = 180_000;

jest.setTimeout(20 * 60_000);

/** What is true after a step ran that would be another if it had done anything. A file on its way to its place (`.new`) comes and goes. */
const STATE = `find /etc /opt /usr/local /var/lib/etcd -type f -not -path '*/member/*' -not -name hosts -not -name '*.new' -exec md5sum {} + | sort | md5sum
systemctl show --property ActiveEnterTimestampMonotonic etcd kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy containerd haproxy keepalived node-routes`;

async function statesAfterEveryStep(cluster: KubernetesCluster, node: string): Promise<string[]> {
  const { nodes } = cluster.site;
  const steps =
    (await nodes.run(node, 'bash', '-c', 'ls /var/lib/bayou/steps/*.done')).match(/[a-z-]+(?=\.done)/g) ?? [];
  const states = [await nodes.run(node, 'bash', '-c', STATE)];
  for (const step of steps) {
    await nodes.run(node, `/opt/bayou/steps/${step}.sh`);
    states.push(await nodes.run(node, 'bash', '-c', STATE));
  }
  expect(steps.length).toBeGreaterThanOrEqual(4);
  return states;
}

const FILLED_IN = {
  POD_NETWORK: '10.100.0.0/16',
  FLANNEL_BACKEND: 'vxlan',
  CALICO_IPIP: 'Always',
  CLUSTER_ID: '5f2b9f4e-2f3a-4a52-9d9c-0d6a3a3c7e11',
  NFS_SERVER: 'nfs.example.org',
  NFS_PATH: '/srv/share',
  DNS_ADDRESS: '10.254.0.10',
  DNS_DOMAIN: 'cluster.local',
};

/** Every manifest of a network or an add-on, with images that are nowhere. */
function everyManifest(): [string, string][] {
  return ['network', 'addons'].flatMap((folder) =>
    readdirSync(templatePath('kubernetes', folder)).map((file): [string, string] => {
      const images = readFileSync(templatePath('kubernetes', folder, file), 'utf8').match(/[A-Z_]+_IMAGE/g) ?? [];
      const values = Object.fromEntries(images.map((image) => [image, 'registry.example.org/none:1']));
      return [file, manifest(fileOf(file).name, { ...FILLED_IN, ...values }, folder)];
    }),
  );
}

describe('a Kubernetes cluster of one master and two nodes', () => {
  let cluster: KubernetesCluster;
  let pods: Awaited<ReturnType<KubernetesCluster['runWeb']>>;

  beforeAll(async () => {
    cluster = await KubernetesCluster.order(1, 2);
  });
  afterAll(() => cluster?.close());

  it('comes up by itself, and all of its nodes are Ready', async () => {
    await cluster.watch.ended('CREATE_COMPLETE');

    const kubectl = await cluster.kubectl();
    expect((await kubectl.readyNodes()).sort()).toEqual(cluster.site.nodes.names().sort());
    expect(await cluster.shown()).toMatchObject({ health_status: 'HEALTHY', coe_version: 'v1.20.2' });
  });

  it('lets no kubelet call its node a master; masters are, by one of them', async () => {
    const { nodes } = cluster.site;
    const kubectl = await cluster.kubectl();
    const label = 'node-restriction.kubernetes.io/bayou-role';
    const selected = await kubectl.run('get', 'nodes', '-l', `${label}=master`, '-o', 'name');
    const [worker = ''] = nodes.names().filter((name) => name.includes('worker'));
    const claim = `kubectl --kubeconfig /etc/kubernetes/kubelet.conf label node ${worker} ${label}=master 2>&1 || true`;

    expect(selected).toMatch(/^node\/\S+-master-0\n$/);
    expect(await nodes.run(worker, 'bash', '-c', `PATH=/opt/bayou/kubernetes/bin:$PATH; ${claim}`)).toMatch(
      /forbidden/i,
    );
  });

  it('runs a Deployment of four that answers through its Service from every node', async () => {
    pods = await cluster.runWeb();
    const kubectl = await cluster.kubectl();
    const services = await kubectl.list('services', '.metadata.name', '.spec.clusterIP');
    const clusterIp = services.find(([name]) => name === 'web')?.[1];

    expect(new Set(pods.map(({ node }) => node)).size).toBe(2);
    for (const node of cluster.site.nodes.names()) {
      const script = `for i in 1 2 3 4 5 6; do curl -sf -m 5 http://${clusterIp}; done`;
      const answers = (await cluster.site.nodes.run(node, 'bash', '-c', script)).trim().split('\n');
      expect(answers.filter((name) => !pods.some((pod) => pod.name === name))).toEqual([]);
    }
  });

  it('lets its owner run commands in pods and read their logs, wherever they run', async () => {
    const kubectl = await cluster.kubectl();
    for (const { name } of pods) {
      expect(await kubectl.run('exec', name, '--', '/bin/busybox', 'hostname')).toBe(`${name}\n`);
      expect(await kubectl.run('logs', name)).toBe(`${name} serves\n`);
    }
  });

  it('lets pods reach pods on other nodes, under their own addresses', async () => {
    const kubectl = await cluster.kubectl();
    const [from] = pods;
    const to = pods.find(({ node }) => node !== from?.node);

    const answer = await kubectl.run(
      'exec',
      from?.name ?? '',
      '--',
      '/bin/busybox',
      'wget',
      '-qO-',
      `http://${to?.address}:8080`,
    );

    expect(answer).toBe(`${to?.name}\n`);
  });

  it('changes nothing when its steps run again', async () => {
    for (const node of cluster.site.nodes.names()) {
      const [before, ...after] = await statesAfterEveryStep(cluster, node);
      expect(after.filter((state) => state !== before)).toEqual([]);
    }
  });

  // Last, since it leaves much behind in the cluster.
  it.each(everyManifest())('takes %s as it is', async (_, text) => {
    const kubectl = await cluster.kubectl();
    // What is of a kind that the same file brings has to wait for it.
    const taken = () =>
      kubectl.apply(text, cluster.site.folder).then(
        () => '',
        (error: Error) => error.message,
      );
    let refused = '';
    const isTaken = async () => {
      refused = await taken();
      return refused === '';
    };
    await until(isTaken, { limitMs: 20_000, everyMs: 1000, tell: () => refused });
  });

  it('leaves nothing', async () => {
    await cluster.site.client.delete(`/v1/clusters/${cluster.uuid}`);
    await cluster.watch.gone();

    expect(cluster.site.left()).toEqual({});
  });
});

describe('a Kubernetes cluster of three masters', () => {
  let cluster: KubernetesCluster;
  let lost: string;

  beforeAll(async () => {
    cluster = await KubernetesCluster.order(3, 1);
  });
  afterAll(() => cluster?.close());

  it('comes up by itself, and all of its nodes are Ready', async () => {
    await cluster.watch.ended('CREATE_COMPLETE');

    expect(await (await cluster.kubectl()).readyNodes()).toHaveLength(4);
  });

  it('goes on without the master that has the shared address', async () => {
    const { nodes } = cluster.site;
    const kubectl = await cluster.kubectl();
    const address = String((await cluster.shown()).api_address).replace(/^https:\/\/|:\d+$/g, '');
    const holders = await Promise.all(
      nodes
        .names()
        .map(async (name) => ((await nodes.run(name, 'ip', '-4', 'addr')).includes(`${address}/32`) ? name : '')),
    );
    lost = holders.find((name) => name !== '') ?? '';
    expect(lost).not.toBe('');

    await nodes.cut(lost);

    const names = async () => (await cluster.shown()).health_status_reason[`${lost}.Api`] === 'Unreachable';
    await until(names, {
      limitMs: HEALTH_LIMIT_MS,
      everyMs: 500,
      tell: async () => JSON.stringify(await cluster.shown()),
    });
    expect((await cluster.shown()).health_status).toBe('UNHEALTHY');
    const answers = () =>
      kubectl.run('get', '--raw', '/readyz').then(
        () => true,
        () => false,
      );
    await until(answers, { limitMs: HEALTH_LIMIT_MS, everyMs: 500 });
    expect(await cluster.runWeb()).toHaveLength(4);
    // Kubernetes gives a node 40 s before it believes that it is lost.
    const isMissed = async () => (await kubectl.readyNodes()).length === 3;
    await until(isMissed, { limitMs: RECOVERY_LIMIT_MS, everyMs: 1000 });
  });

  it('has the master back when it boots again', async () => {
    await cluster.site.nodes.bootAgain(lost);

    const isWell = async () => (await cluster.shown()).health_status === 'HEALTHY';
    await until(isWell, {
      limitMs: RECOVERY_LIMIT_MS,
      everyMs: 1000,
      tell: async () => JSON.stringify(await cluster.shown()),
    });
    const kubectl = await cluster.kubectl();
    expect(await kubectl.readyNodes()).toHaveLength(4);
    expect(await kubectl.run('get', '--raw', '/readyz')).toBe('ok');
  });
});
