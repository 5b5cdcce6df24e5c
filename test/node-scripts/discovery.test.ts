import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../support/until.js';
import { DiscoveryProgram, type PlayedApp, PlayedHaproxy, PlayedMarathon } from './played-discovery.js';

jest.setTimeout(180_000);

/** Less than the time after which the programs look without being told. */
const TOLD_LIMIT_MS = 4000;
const LIMIT_MS = 60_000;

const task = (id: string, port: number, more: object = {}) => ({
  id,
  state: 'TASK_RUNNING',
  host: '10.0.0.5',
  ports: [port],
  ...more,
});
const web = (more: Partial<PlayedApp> = {}): PlayedApp => ({
  id: '/shop/web',
  labels: { BAYOU_HOST: 'www.example.org, Shop.Example.org' },
  tasks: [task('shop_web.1', 31001), task('shop_web.2', 31002)],
  ...more,
});

describe('the registrar of services', () => {
  let marathon: PlayedMarathon;
  let registrar: DiscoveryProgram;

  beforeEach(async () => {
    marathon = await PlayedMarathon.start();
    registrar = new DiscoveryProgram();
  });
  afterEach(async () => {
    await registrar.stop();
    await marathon.stop();
  });

  const start = () => registrar.start('registrar.py', { MARATHON: marathon.address });
  const etcdIs = (entries: Record<string, string>, limitMs = LIMIT_MS) =>
    until(() => JSON.stringify(sorted(registrar.etcd)) === JSON.stringify(sorted(entries)), {
      limitMs,
      tell: () => `${JSON.stringify(registrar.etcd)} ${registrar.log}`,
    });

  it('writes each running task with its address, and where the edge is to have it', async () => {
    marathon.apps = [
      web(),
      { id: '/db', tasks: [{ ...task('db.1', 31005), ports: [31005, 31006] }], labels: { BAYOU_1_PORT: '443' } },
      { id: '/batch', tasks: [task('batch.1', 31009, { state: 'TASK_STAGING' })] },
    ];
    start();

    await etcdIs({
      '/bayou/services/shop_web/shop_web.1': '10.0.0.5:31001',
      '/bayou/services/shop_web/shop_web.2': '10.0.0.5:31002',
      '/bayou/routes/shop_web': 'http 80 www.example.org,shop.example.org',
      '/bayou/services/db/db.1': '10.0.0.5:31005',
      '/bayou/services/db:1/db.1': '10.0.0.5:31006',
      '/bayou/routes/db:1': 'tcp 443',
    });
  });

  it('takes the entry of a task away as soon as Marathon tells that it stops', async () => {
    marathon.apps = [web()];
    start();
    await until(() => marathon.isHeard && Object.keys(registrar.etcd).length === 3, { limitMs: LIMIT_MS });

    marathon.apps = [web({ tasks: [task('shop_web.1', 31001), task('shop_web.2', 31002, { state: 'TASK_KILLING' })] })];
    marathon.tell('status_update_event');

    const left = { '/bayou/services/shop_web/shop_web.1': '10.0.0.5:31001' };
    await etcdIs({ ...left, '/bayou/routes/shop_web': 'http 80 www.example.org,shop.example.org' }, TOLD_LIMIT_MS);
  });

  it('lets tasks take requests once they are well, and a Marathon that has not looked yet change nothing', async () => {
    const unknown = { alive: false, lastSuccess: null, lastFailure: null };
    const health = (...results: object[]) =>
      web({
        labels: {},
        healthChecks: [{}],
        tasks: results.map((result, index) => task(`t.${index}`, 31000 + index, { healthCheckResults: [result] })),
      });
    registrar.etcd = { '/bayou/services/shop_web/t.2': '10.0.0.5:31002', '/bayou/services/gone/t.9': '10.0.0.5:31009' };
    const failed = { ...unknown, lastFailure: '2026-01-01T00:00:00.000Z' };
    marathon.apps = [health({ alive: true }, unknown, unknown, failed)];
    start();

    await etcdIs({
      '/bayou/services/shop_web/t.0': '10.0.0.5:31000',
      '/bayou/services/shop_web/t.2': '10.0.0.5:31002',
    });
  });

  it.each([
    ['a port that is none', { BAYOU_PORT: '65536' }],
    ['a host name that is none', { BAYOU_HOST: 'www.example.org" -f /etc/shadow' }],
    ['a host name that looks like an option', { BAYOU_HOST: '-f' }],
    ['more than one line', { BAYOU_HOST: 'a\nb' }],
    ['host names in TCP', { BAYOU_HOST: 'a.example.org', BAYOU_MODE: 'tcp' }],
    ['an unknown mode', { BAYOU_PORT: '80', BAYOU_MODE: 'udp' }],
  ])('refuses %s, says so, and registers the tasks all the same', async (_, labels) => {
    marathon.apps = [web({ labels, tasks: [task('shop_web.1', 31001)] })];
    start();

    await etcdIs({ '/bayou/services/shop_web/shop_web.1': '10.0.0.5:31001' });
    await until(() => registrar.log.includes('not at the edge: /shop/web: '), { limitMs: LIMIT_MS });
  });

  it('passes on no address that is none', async () => {
    const odd = { host: 'agent-1', ports: [31002] };
    marathon.apps = [web({ labels: {}, tasks: [task('shop_web.1', 31001), task('shop_web.2', 31002, odd)] })];
    start();

    await etcdIs({ '/bayou/services/shop_web/shop_web.1': '10.0.0.5:31001' });
  });

  it('writes as many as there are, whatever etcd takes at once', async () => {
    const tasks = Array.from({ length: 300 }, (_, index) => task(`t.${index}`, 31000 + index));
    marathon.apps = [web({ labels: {}, tasks })];
    start();

    await until(() => Object.keys(registrar.etcd).length === 300, { limitMs: LIMIT_MS, tell: () => registrar.log });
  });

  it('leaves all to others while their Marathon leads, and comes in when its own does', async () => {
    const others = { '/bayou/services/old/t': '10.0.0.9:31000' };
    registrar.etcd = others;
    marathon.leader = '10.0.0.4:8080';
    marathon.apps = [web()];
    start();
    await until(() => registrar.log.includes('another Marathon leads'), { limitMs: LIMIT_MS });
    expect(registrar.etcd).toEqual(others);

    marathon.leader = marathon.address;

    await until(() => registrar.etcd['/bayou/services/shop_web/shop_web.1'] !== undefined, { limitMs: LIMIT_MS });
    expect(Object.keys(registrar.etcd)).toHaveLength(3);
  });

  it('goes on when etcd is there again', async () => {
    registrar.break('etcd.away');
    marathon.apps = [web()];
    start();
    await until(() => registrar.log.includes('context deadline exceeded'), { limitMs: LIMIT_MS });

    registrar.mend('etcd.away');

    await until(() => Object.keys(registrar.etcd).length === 3, { limitMs: LIMIT_MS, tell: () => registrar.log });
  });
});

describe('the watcher of the edge', () => {
  let edge: DiscoveryProgram;
  const entries = {
    '/bayou/services/shop_web/shop_web.1': '10.0.0.5:31001',
    '/bayou/routes/shop_web': 'http 80 www.example.org',
    '/bayou/services/db/db.1': '10.0.0.5:31005',
    '/bayou/routes/db': 'tcp 443',
  };

  beforeEach(() => {
    edge = new DiscoveryProgram();
  });
  afterEach(() => edge.stop());

  const start = () => edge.start('edge.py', { EDGE_PORTS: '80,443' });
  const configHas = (text: string, limitMs = LIMIT_MS) =>
    until(() => edge.read('haproxy.cfg').includes(text), { limitMs, tell: () => edge.read('haproxy.cfg') + edge.log });

  it('has HAProxy lead to what etcd says, by host name and by port', async () => {
    edge.etcd = { ...entries, '/bayou/services/quiet/q.1': '10.0.0.5:31007' };
    start();

    await until(() => edge.reloads === 1, { limitMs: LIMIT_MS, tell: () => edge.log });
    const config = edge.read('haproxy.cfg');
    expect(config).toContain('  use_backend shop_web if { req.hdr(host),field(1,:),lower -m str www.example.org }\n');
    expect(config).toMatch(/backend shop_web\n {2}mode http\n(.*\n)* {2}server shop_web\.1 10\.0\.0\.5:31001\n/);
    expect(config).toMatch(
      /frontend port-443\n {2}mode tcp\n {2}bind :443\n {2}option tcplog\n {2}default_backend db\n/,
    );
    expect(config).not.toContain('31007');
  });

  it('follows a change when it is told of it, and tells HAProxy of nothing else', async () => {
    edge.etcd = entries;
    start();
    await until(() => edge.reloads === 1 && existsSync(join(edge.folder, 'etcd.watched')), { limitMs: LIMIT_MS });

    edge.etcd = { ...entries, '/bayou/services/shop_web/shop_web.2': '10.0.0.6:31001' };

    await configHas('  server shop_web.2 10.0.0.6:31001\n', TOLD_LIMIT_MS);
    await until(() => edge.reloads === 2, { limitMs: LIMIT_MS });
    edge.etcd = { ...edge.etcd, '/bayou/services/quiet/q.1': '10.0.0.5:31007' };
    edge.etcd = { ...entries, '/bayou/services/db/db.1': '10.0.0.7:31005' };
    await configHas('10.0.0.7:31005');
    await until(() => edge.reloads === 3, { limitMs: LIMIT_MS });
  });

  it('tells an HAProxy that listens of servers that come and go, and has it read its configuration for a route', async () => {
    const haproxy = new PlayedHaproxy(() => edge.reloads);
    await haproxy.listen(join(edge.folder, 'admin.sock'));
    try {
      edge.etcd = { ...entries, '/bayou/services/shop_web/unheard-of': '10.0.0.9:31001' };
      start();
      await until(() => edge.read('status') !== '', { limitMs: LIMIT_MS, tell: () => edge.log });

      edge.etcd = { ...edge.etcd, '/bayou/services/shop_web/shop_web.2': '10.0.0.6:31001' };
      await configHas('10.0.0.6:31001');
      const { '/bayou/services/shop_web/shop_web.1': _, ...others } = edge.etcd;
      edge.etcd = others;
      await until(() => !edge.read('haproxy.cfg').includes('10.0.0.5:31001'), { limitMs: LIMIT_MS });

      expect(haproxy.commands).toEqual([
        'add server shop_web/shop_web.2 10.0.0.6:31001 check inter 2s fall 2 rise 1',
        'enable health shop_web/shop_web.2',
        'set server shop_web/shop_web.2 state ready',
        'set server shop_web/shop_web.1 state maint',
      ]);
      expect(edge.reloads).toBe(1);
      edge.etcd = { ...edge.etcd, '/bayou/routes/shop_web': 'http 80 other.example.org' };
      await until(() => edge.reloads === 2, { limitMs: LIMIT_MS });
      const { '/bayou/services/shop_web/unheard-of': __, ...known } = edge.etcd;
      edge.etcd = known;
      await until(() => edge.reloads === 3, { limitMs: LIMIT_MS, tell: () => edge.log });
      expect(edge.log).toContain('No such server.');
    } finally {
      haproxy.stop();
    }
  });

  it('keeps what it has while etcd is away', async () => {
    edge.etcd = entries;
    start();
    await configHas('31001');
    const before = edge.read('haproxy.cfg');

    edge.break('etcd.away');
    edge.etcd = {};

    await until(() => edge.log.includes('context deadline exceeded'), { limitMs: LIMIT_MS, tell: () => edge.log });
    expect(edge.read('haproxy.cfg')).toBe(before);
  });

  it('keeps what it has when HAProxy does not take the new, and tries again', async () => {
    edge.etcd = entries;
    start();
    await until(() => edge.reloads === 1, { limitMs: LIMIT_MS });
    edge.break('haproxy-refuses');

    edge.etcd = { ...entries, '/bayou/services/shop_web/shop_web.2': '10.0.0.6:31001' };

    await until(() => edge.log.includes('haproxy: '), { limitMs: LIMIT_MS, tell: () => edge.log });
    expect(edge.read('haproxy.cfg')).not.toContain('10.0.0.6');
    expect(edge.reloads).toBe(1);
    edge.mend('haproxy-refuses');
    await configHas('10.0.0.6:31001');
  });

  it('passes nothing on that is no service, server or route', async () => {
    edge.etcd = {
      ...entries,
      '/bayou/services/evil/a\n  server x': '10.0.0.5:1',
      '/bayou/services/shop_web/shop_web.3': '10.0.0.5:31003\n  server evil 10.6.6.6:1',
      '/bayou/services/shop_web/shop_web.4': '300.0.0.5:31003',
      '/bayou/services/shop_web/shop_web.5': '10.0.0.5:99999',
      '/bayou/routes/a': 'http 80 -f',
      '/bayou/routes/b': 'http 80 a.example.org }\n  evil',
    };
    start();

    await configHas('31001');
    expect(edge.read('haproxy.cfg')).not.toMatch(/evil|str -f|31003|99999|300\.0/);
  });

  it('gives what several want to the first, and says what the others do not get', async () => {
    edge.etcd = {
      ...entries,
      '/bayou/routes/a': 'http 443 a.example.org',
      '/bayou/routes/z': 'http 80 www.example.org',
      '/bayou/routes/other': 'tcp 8080',
    };
    start();

    await until(() => edge.read('status') !== '', { limitMs: LIMIT_MS, tell: () => edge.log });
    expect(JSON.parse(edge.read('status')).refused).toEqual([
      'db: port 443 is in mode http',
      'other: port 8080 is not open',
      'z: www.example.org belongs to another',
    ]);
    expect(edge.log).toContain('z: www.example.org belongs to another');
  });
});

function sorted(entries: Record<string, string>): [string, string][] {
  return Object.entries(entries).sort(([a], [b]) => a.localeCompare(b));
}
