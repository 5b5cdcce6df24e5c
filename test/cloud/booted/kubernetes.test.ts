import { join } from 'node:path';
import axios from 'axios';
import { Kubectl } from '../../nodes/kubectl.js';
import { BUSYBOX, findKubernetesMirror, type KubernetesMirror, VERSION } from '../../nodes/kubernetes-mirror.js';
import { allServe, runWeb, webPods } from '../../nodes/web.js';
import type { ApiClient } from '../../support/api-fixture.js';
import { ClusterWatch } from '../../support/cluster-watch.js';
import { makeCluster, makeTemplate } from '../../support/orders.js';
import { until } from '../../support/until.js';
import { type CloudSite, openCloudSite } from '../cloud-site.js';
import { readTarget } from '../target.js';
import { ClusterRegistry } from './cluster-registry.js';
import { fillSwiftMirror, removeSwiftMirror } from './swift-mirror.js';

const STATUS_LIMIT_MS = 600_000;
const ANSWER_LIMIT_MS = 60_000;
const CALL_LIMIT_MS = 5000;

jest.setTimeout(40 * 60_000);

/**
 * Kubernetes on machines that boot, which reach nothing but Bayou and a container of Swift. What that holds is of
 * `.ci/prepare-nodes`; the image has containerd, etcd and what else Debian packages.
 */
describe('a Kubernetes cluster on a real cloud', () => {
  const target = readTarget(process.env);
  let mirror: KubernetesMirror;
  let site: CloudSite;
  let client: ApiClient;
  let uuid: string;
  let watch: ClusterWatch;
  let kubectl: Kubectl;

  beforeAll(async () => {
    mirror = findKubernetesMirror(process.env);
    site = await openCloudSite(target, target.booted, { BAYOU_KUBERNETES__BILLS_PATH: mirror.billsFolder });
    client = (await site.client(await site.processes.start('all'))).at('latest');
  });

  afterAll(() => site?.close());

  const cluster = async () => (await client.get(`/v1/clusters/${uuid}`)).body;
  const nodesOf = async (group: string) => {
    const servers = Object.keys(await site.serverIds());
    return servers.filter((name) => name.includes(group));
  };
  const resize = async (body: Record<string, unknown>) => {
    const answer = await client.post(`/v1/clusters/${uuid}/actions/resize`, body);
    expect(answer).toMatchObject({ status: 202 });
    await watch.ended('UPDATE_COMPLETE');
  };
  /** Names of the pods that a visitor gets to see there. */
  const visits = async (url: string, times: number): Promise<string[]> => {
    const visit = async () => String((await axios.get(url, { timeout: CALL_LIMIT_MS, proxy: false })).data).trim();
    await until(() => visit().then(Boolean, () => false), { limitMs: ANSWER_LIMIT_MS, everyMs: 500 });
    return Promise.all(Array.from({ length: times }, visit));
  };

  it('is made from software that Bayou has put into Swift', async () => {
    const template = await makeTemplate(client, {
      coe: 'kubernetes',
      image_id: target.booted?.image,
      flavor_id: target.booted?.flavor,
      master_flavor_id: target.booted?.flavor,
      external_network_id: target.externalNetwork,
      registry_enabled: true,
      labels: {
        kube_tag: VERSION,
        kube_mirror: await fillSwiftMirror(site, target, mirror),
        port_mapping: '80:30080',
        // These machines are no virtual ones.
        cgroup_driver: 'cgroupfs',
        // Their images are nowhere to be had here.
        coredns_enabled: false,
        metrics_server_enabled: false,
      },
    });
    uuid = await makeCluster(client, { cluster_template_id: template, master_count: 1, node_count: 1 });
    watch = new ClusterWatch(client, uuid, { limitMs: STATUS_LIMIT_MS, logs: site.told });
    await watch.ended('CREATE_COMPLETE');
    await site.noteAccounts();

    kubectl = await Kubectl.of(client, uuid, site.folder, mirror.kubectl);
    expect((await kubectl.readyNodes()).sort()).toEqual(Object.keys(await site.serverIds()).sort());
  });

  it('serves what runs in it on the floating addresses of its nodes, and on the port that is mapped', async () => {
    const pods = (await runWeb(kubectl, site.folder)).map(({ name }) => name);
    const { node_addresses: nodes, master_addresses: masters } = await cluster();

    for (const url of [`http://${nodes[0]}:30080`, `http://${masters[0]}`]) {
      expect(pods).toEqual(expect.arrayContaining(await visits(url, 5)));
    }
  });

  it('has a registry on Swift: what one node put into it, another one runs', async () => {
    const servers = Object.keys(await site.serverIds());
    const node = (role: string) => servers.find((name) => name.includes(role)) ?? '';
    const runs = async (name: string, spec: Record<string, unknown>) => {
      await kubectl.apply(JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec }), site.folder);
      await kubectl.run('wait', '--for=condition=Ready', `pod/${name}`, '--timeout=25s');
    };
    const container = { name: 'sleep', command: ['/bin/busybox', 'sleep', '3600'] };
    await runs('pusher', {
      hostNetwork: true,
      nodeName: node('worker'),
      containers: [{ ...container, image: BUSYBOX }],
    });
    await new ClusterRegistry(kubectl, 'pusher').push(join(mirror.folder, 'images/busybox.tar'), 'tools', '1');
    const pulled = { ...container, image: 'localhost:5000/tools:1', imagePullPolicy: 'Always' };
    await runs('puller', { nodeName: node('master'), containers: [pulled] });

    await kubectl.run('delete', 'pod', 'pusher', 'puller', '--grace-period=1');
  });

  it('takes a node group with a taint, where nothing comes that does not bear it', async () => {
    const answer = await client.post(`/v1/clusters/${uuid}/nodegroups`, {
      name: 'edge',
      node_count: 1,
      node_labels: { place: 'edge' },
      node_taints: [{ key: 'only', value: 'edge', effect: 'NoSchedule' }],
    });
    expect(answer).toMatchObject({ status: 202 });
    await watch.ended('UPDATE_COMPLETE');

    const edge = await nodesOf('edge');
    const rows = await kubectl.list('nodes', '.metadata.name', '.metadata.labels.place', '.spec.taints[*].key');
    expect(rows.filter(([name = '']) => edge.includes(name))).toEqual([[edge[0], 'edge', 'only']]);
    expect(await kubectl.readyNodes()).toHaveLength(3);
  });

  it('grows, and lets a chosen node go only after its pods run elsewhere', async () => {
    await resize({ node_count: 2 });
    expect(await kubectl.readyNodes()).toHaveLength(4);
    const [chosen] = new Set((await webPods(kubectl)).map(({ node }) => node));
    const before = await site.serverIds();
    await resize({ node_count: 1, nodes_to_remove: [before[chosen ?? '']] });

    expect(await allServe(kubectl)).toBe(true);
    const { [chosen ?? '']: removed, ...others } = before;
    expect(removed).toBeDefined();
    expect(await site.serverIds()).toEqual(others);
    const places = (await webPods(kubectl)).map(({ node }) => node);
    expect(places).not.toContain(chosen);
    expect(places).not.toContain((await nodesOf('edge'))[0]);
  });

  it('leaves nothing behind', async () => {
    expect((await client.delete(`/v1/clusters/${uuid}`)).status).toBe(204);
    await watch.gone();
    await removeSwiftMirror(site);

    expect(await site.left()).toEqual({});
  });
});
