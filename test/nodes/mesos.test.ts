import { until } from '../support/until.js';
import { ask, EdgeLoad, type LoadResult } from './edge-load.js';
import { type MarathonTask, MesosCluster } from './mesos-cluster.js';
import { WEB_APP } from './mesos-mirror.js';

const APP = '/shop/web';
const HOST = 'www.example.org';
/** What is promised of the configuration, from what Marathon tells to what clients see. */
const FOLLOWS_MS = 2000;
/** Longer than any step of Marathon, its health checks and a task's way out. */
const CHANGE_LIMIT_MS = 60_000;
const RECOVERY_LIMIT_MS = 180_000;
const EVERY_MS = 250;

jest.setTimeout(20 * 60_000);

const WEB = {
  id: APP,
  cmd: `exec ${WEB_APP}`,
  cpus: 0.1,
  mem: 32,
  instances: 2,
  labels: { BAYOU_HOST: HOST },
  healthChecks: [{ protocol: 'MESOS_HTTP', path: '/', intervalSeconds: 2 }],
  taskKillGracePeriodSeconds: 30,
};

/** What would be another if a step had done anything. */
const STATE = `find /etc /opt/bayou/mesos /usr/local -type f -not -name hosts -not -name '*.new' -exec md5sum {} + | sort | md5sum
systemctl show --property ActiveEnterTimestampMonotonic zookeeper mesos-master marathon etcd marathon-registrar mesos-agent haproxy edge-watcher`;

describe('a Mesos cluster of three masters, two agents and an edge', () => {
  let cluster: MesosCluster;
  let edge: string;

  beforeAll(async () => {
    cluster = await MesosCluster.order(3, 2);
  });
  afterAll(() => cluster?.close());

  const run = (node: string, script: string) => cluster.site.nodes.run(node, 'bash', '-c', script);
  const untilItIs = (condition: () => Promise<boolean>, limitMs = CHANGE_LIMIT_MS) =>
    until(condition, { limitMs, everyMs: EVERY_MS, tell: told });
  const told = async () => JSON.stringify([await cluster.tasks(APP).catch(String), await cluster.services()]);

  /** Until as many tasks run, and no others, and the edge has been told of each. */
  async function runs(count: number): Promise<MarathonTask[]> {
    let tasks: MarathonTask[] = [];
    await untilItIs(async () => {
      tasks = await cluster.tasks(APP).catch(() => []);
      const keys = Object.keys(await cluster.services()).filter((key) => key.startsWith('services/shop_web/'));
      const names = tasks.map(({ id }) => `services/shop_web/${id}`);
      return tasks.length === count && names.sort().join() === keys.sort().join();
    });
    return tasks;
  }

  it('comes up by itself, the edge as a node group with a floating address', async () => {
    await cluster.watch.ended('CREATE_COMPLETE');
    await cluster.addEdge();

    const [name = ''] = cluster.named('edge');
    const { addresses } = await cluster.nodeNamed(name);
    edge = addresses.private;
    const isWell = async () => (await cluster.shown()).health_status === 'HEALTHY';
    await until(isWell, {
      limitMs: RECOVERY_LIMIT_MS,
      everyMs: EVERY_MS,
      tell: async () => JSON.stringify(await cluster.shown()),
    });
    expect(cluster.site.left().floatingIps).toHaveLength(1);
  });

  it('has what Marathon starts in etcd and at its edge', async () => {
    await cluster.marathon('POST', '/v2/apps', WEB);

    const tasks = await runs(2);
    expect(new Set(tasks.map(({ host }) => host)).size).toBe(2);
    const servers = tasks.map(({ id, host, ports }) => [`services/shop_web/${id}`, `${host}:${ports[0]}`]);
    expect(await cluster.services()).toEqual({ ...Object.fromEntries(servers), 'routes/shop_web': `http 80 ${HOST}` });
    await untilItIs(async () => (await answered(edge)) !== '');
    expect(tasks.map(({ id }) => id)).toContain((await answered(edge)).split(' ')[0]);
    await expect(ask({ address: edge, host: 'other.example.org' })).rejects.toThrow('status 503');
  });

  it('lets nobody in without a certificate, and the edge change nothing in etcd', async () => {
    const [name = ''] = cluster.named('edge');

    await expect(cluster.call('GET', '/v2/apps', undefined, { ca: cluster.certificateAuthority })).rejects.toThrow();
    await expect(cluster.etcd(name, 'etcd-edge', 'put', '/bayou/routes/evil', 'tcp 80')).rejects.toThrow(
      'permission denied',
    );
    await expect(cluster.etcd(name, 'etcd-edge', 'get', '--prefix', '/')).rejects.toThrow('permission denied');
  });

  it('follows within two seconds and drops no request, while it is scaled, changed and scaled again', async () => {
    const load = new EdgeLoad(edge, HOST);
    const events = await listen(cluster);
    try {
      await untilItIs(async () => load.result.answers.length > 20);
      await cluster.marathon('PUT', `/v2/apps${APP}`, { instances: 4 });
      await runs(4);
      await cluster.marathon('PUT', `/v2/apps${APP}?force=true`, { env: { ANSWER: 'anew' } });
      await untilItIs(async () => load.result.answers.at(-1)?.text.endsWith('anew') === true);
      await runs(4);
      await cluster.marathon('PUT', `/v2/apps${APP}?force=true`, { instances: 1 });
      await runs(1);
    } finally {
      await load.stop();
      events.stop();
    }

    const { answers, failures } = load.result;
    const lags = lagsOf(load.result, events.heard);
    console.log(`${answers.length} answered, ${failures.length} failed; lags in ms: ${JSON.stringify(lags)}`, failures);
    expect(failures).toEqual([]);
    expect(lags.came.length).toBeGreaterThanOrEqual(6);
    expect(lags.went.length).toBeGreaterThanOrEqual(7);
    expect(Math.max(...lags.came, ...lags.went)).toBeLessThan(FOLLOWS_MS);
  });

  it('goes on, and keeps the quorum of ZooKeeper, without the master whose Marathon leads', async () => {
    await cluster.marathon('PUT', `/v2/apps${APP}`, { instances: 2 });
    await runs(2);
    const { leader } = await cluster.marathon('GET', '/v2/leader');
    const nodes = await Promise.all(
      cluster
        .named('master')
        .map(async (name) => ({ name, address: (await cluster.nodeNamed(name)).addresses.private })),
    );
    const lost = nodes.find(({ address }) => leader === `${address}:8080`)?.name ?? '';
    expect(lost).not.toBe('');
    const load = new EdgeLoad(edge, HOST);
    await cluster.site.nodes.cut(lost);

    const isScaled = () =>
      cluster.marathon('PUT', `/v2/apps${APP}?force=true`, { instances: 3 }).then(
        () => true,
        () => false,
      );
    await untilItIs(isScaled, RECOVERY_LIMIT_MS);
    await untilItIs(async () => Object.keys(await etcdOfOther(lost)).length === 4, RECOVERY_LIMIT_MS);
    const [other = ''] = cluster.named('master').filter((name) => name !== lost);
    const modes = await run(
      other,
      zookeeperModes(nodes.filter(({ name }) => name !== lost).map(({ address }) => address)),
    );
    expect(modes.trim().split('\n').sort()).toEqual(['Mode: follower', 'Mode: leader']);
    const { answers, failures } = await load.stop();
    console.log(`without ${lost}: ${answers.length} answered, ${failures.length} failed`, failures);
    expect(failures).toEqual([]);

    await cluster.site.nodes.bootAgain(lost);
    const isWell = async () => (await cluster.shown()).health_status === 'HEALTHY';
    await until(isWell, {
      limitMs: RECOVERY_LIMIT_MS,
      everyMs: EVERY_MS,
      tell: async () => JSON.stringify(await cluster.shown()),
    });
  });

  it('answers what is under way when its application is stopped, and has no entry of it any more', async () => {
    const slow = Array.from({ length: 5 }, () => ask({ address: edge, host: HOST, path: '/?seconds=4' }));
    await new Promise((resolve) => setTimeout(resolve, 500));

    await cluster.marathon('DELETE', `/v2/apps${APP}?force=true`);

    await untilItIs(async () => Object.keys(await cluster.services()).length === 0);
    expect(await Promise.all(slow)).toHaveLength(5);
    await untilItIs(async () => (await answered(edge)) === '');
  });

  it('changes nothing when its steps run again', async () => {
    for (const node of [
      cluster.named('master')[0] ?? '',
      cluster.named('worker')[0] ?? '',
      cluster.named('edge')[0] ?? '',
    ]) {
      const steps = (await run(node, 'ls /var/lib/bayou/steps/*.done')).match(/[a-z-]+(?=\.done)/g) ?? [];
      const before = await run(node, STATE);
      for (const step of steps) {
        await cluster.site.nodes.run(node, `/opt/bayou/steps/${step}.sh`);
        expect({ node, step, state: await run(node, STATE) }).toEqual({ node, step, state: before });
      }
      expect(steps.length).toBeGreaterThanOrEqual(2);
    }
  });

  it('leaves nothing', async () => {
    await cluster.site.client.delete(`/v1/clusters/${cluster.uuid}`);
    await cluster.watch.gone();

    expect(cluster.site.left()).toEqual({});
  });

  async function etcdOfOther(lost: string): Promise<Record<string, string>> {
    const [other = ''] = cluster.named('master').filter((name) => name !== lost);
    const { private: address } = (await cluster.nodeNamed(other)).addresses;
    const pki = '/etc/mesos/pki';
    const command = `ETCDCTL_API=3 etcdctl --endpoints=https://${address}:2379 --cacert=${pki}/etcd-ca.crt --cert=${pki}/etcd-client.crt --key=${pki}/etcd-client.key get --prefix /bayou/ --keys-only`;
    const keys = (await run(other, command).catch(() => '')).split('\n').filter((line) => line !== '');
    return Object.fromEntries(keys.map((key) => [key, '']));
  }
});

const answered = (edge: string) => ask({ address: edge, host: HOST }).catch(() => '');

const zookeeperModes = (addresses: string[]) =>
  addresses
    .map((address) => `timeout 3 bash -c 'exec 3<>/dev/tcp/${address}/2181; echo srvr >&3; grep Mode: <&3'`)
    .join('\n');

interface Told {
  at: number;
  task: string;
  kind: 'came' | 'went';
}

/** What the leading Marathon tells of tasks: well for the first time, or about to be stopped. */
async function listen(cluster: MesosCluster): Promise<{ heard: Told[]; stop(): void }> {
  const { leader } = await cluster.marathon('GET', '/v2/leader');
  const abort = new AbortController();
  const headers = { Accept: 'text/event-stream' };
  const response = await fetch(`http://${leader}/v2/events`, { headers, signal: abort.signal });
  const heard: Told[] = [];
  const read = async () => {
    let text = '';
    const decoder = new TextDecoder();
    for await (const part of response.body as unknown as AsyncIterable<Uint8Array>) {
      const lines = (text + decoder.decode(part, { stream: true })).split('\n');
      text = lines.pop() ?? '';
      for (const line of lines.filter((each) => each.startsWith('data: '))) note(heard, JSON.parse(line.slice(6)));
    }
  };
  read().catch(() => undefined);
  return { heard, stop: () => abort.abort() };
}

function note(heard: Told[], event: Record<string, string | boolean>): void {
  const [task, at] = [String(event.taskId), Date.parse(String(event.timestamp))];
  if (event.eventType === 'health_status_changed_event' && event.alive === true) heard.push({ at, task, kind: 'came' });
  if (event.taskStatus === 'TASK_KILLING') heard.push({ at, task, kind: 'went' });
}

/** How long after what Marathon told its first answer was asked for, or the last one that it still got. */
function lagsOf({ answers }: LoadResult, heard: readonly Told[]): Record<Told['kind'], number[]> {
  const lags: Record<Told['kind'], number[]> = { came: [], went: [] };
  for (const { at, task, kind } of heard) {
    const own = answers.filter(({ text }) => text.startsWith(task)).map(({ askedAt }) => askedAt - at);
    if (own.length > 0) lags[kind].push(Math.max(0, kind === 'came' ? Math.min(...own) : Math.max(...own)));
  }
  return lags;
}
