import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ListenerFixture, startListenerFixture } from '../support/listener-fixture.js';
import { addNode } from '../support/swarm-nodes.js';
import { Machine } from './machine.js';

const STEP = 'steps/software.sh';
/** BAYOU_WAITS of lib.sh. */
const WAITS = 75;
const PROGRAMS = ['kubelet', 'kube-proxy', 'kubectl'];
/** Of the distribution. */
const THERE = ['containerd', 'runc', 'conntrack', 'iptables', 'socat', 'ipset'];
const PLACE = 'opt/bayou/kubernetes/bin';
const content = (name: string) => `#!/bin/bash\n# ${name}\n`;
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

// Python starts slowly where much else runs.
jest.setTimeout(120_000);

/** What curl and tar really do, against a mirror of this test's. */
describe("the software of a Kubernetes node, from the cluster's mirror", () => {
  let folder: string;
  let fixture: ListenerFixture;
  let count = 0;
  let mirror: Server;
  let asked: string[];
  let broken: Record<string, { status: number; body: string }>;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bayou-software-'));
    fixture = await startListenerFixture();
    mirror = createServer(({ url = '' }, response) => {
      asked.push(url);
      const name = url.split('/').at(-1) ?? '';
      const { status, body } = broken[name] ?? { status: 200, body: content(name) };
      response.writeHead(status).end(body);
    });
    await new Promise<void>((listening) => mirror.listen(0, '127.0.0.1', listening));
  });
  beforeEach(() => {
    asked = [];
    broken = {};
  });
  afterAll(async () => {
    mirror.closeAllConnections();
    await new Promise((closed) => mirror.close(closed));
    await fixture.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function machineWith(settings: Record<string, unknown> = {}): Promise<Machine> {
    const url = `http://127.0.0.1:${(mirror.address() as AddressInfo).port}/m`;
    const files = PROGRAMS.map((name) => ({
      name,
      path: `v1/${name}`,
      sha256: sha256(content(name)),
      to: `/${PLACE}/${name}`,
    }));
    const images = [
      { name: 'registry.example/pause:1', path: 'images/pause.tar', sha256: sha256(content('pause.tar')) },
    ];
    const more = { mirror: url, files, images, https_proxy: '', ...settings };
    const node = await addNode(
      fixture,
      `web-worker-${count++}`,
      'worker',
      {},
      { driver: 'kubernetes', settings: more },
    );
    const machine = new Machine(folder, node);
    for (const made of ['opt/cni/bin', PLACE]) mkdirSync(join(machine.root, made), { recursive: true });
    machine.write('opt/cni/bin/bridge', '', 0o755);
    for (const name of THERE) machine.write(`${PLACE}/${name}`, content(name), 0o755);
    return machine;
  }

  /** The last line is what the cluster's status says; what is waited for ends nothing. */
  const causeOf = (machine: Machine) =>
    machine.run(STEP).then(
      () => 'it went well',
      ({ stdout, code }: { stdout: string; code: number }) =>
        `${code === WAITS ? 'waits' : 'failed'}: ${stdout.trim().split('\n').at(-1) ?? ''}`,
    );

  it('is fetched once, checked and put in its place', async () => {
    const machine = await machineWith();

    await machine.run(STEP);
    const first = asked.length;
    await machine.run(STEP);

    expect(machine.read('opt/bayou/kubernetes/bin/kubelet')).toBe(content('kubelet'));
    expect(machine.read('var/lib/bayou/images/pause.tar')).toBe(content('pause.tar'));
    expect([first, asked.length]).toEqual([PROGRAMS.length + 1, PROGRAMS.length + 1]);
    expect(asked[0]).toBe('/m/v1/kubelet');
  });

  it('is refused with another checksum than the bill has, and leaves nothing of it', async () => {
    const machine = await machineWith();
    broken.kubectl = { status: 200, body: 'something else' };

    const cause = await causeOf(machine);

    expect(cause).toMatch(/^failed: http.*\/m\/v1\/kubectl has the wrong checksum: /);
    expect(cause).toContain(sha256('something else'));
    expect(existsSync(join(machine.root, 'opt/bayou/kubernetes/bin/kubectl'))).toBe(false);
    delete broken.kubectl;
    expect(await causeOf(machine)).toBe('it went well');
  });

  it('says which file the mirror does not have', async () => {
    const machine = await machineWith();
    broken.kubelet = { status: 404, body: '' };

    expect(await causeOf(machine)).toMatch(/^failed: the mirror answers 404 to http.*\/m\/v1\/kubelet$/);
  });

  it('waits for a mirror that has too much to do', async () => {
    const machine = await machineWith();
    broken.kubelet = { status: 503, body: '' };

    expect(await causeOf(machine)).toMatch(/^waits: the mirror answers 503 to http.*\/m\/v1\/kubelet$/);
    delete broken.kubelet;
    expect(await causeOf(machine)).toBe('it went well');
  });

  it('waits for a mirror that does not answer, and says so', async () => {
    const machine = await machineWith({ mirror: 'http://127.0.0.1:9' });

    expect(await causeOf(machine)).toBe('waits: the mirror http://127.0.0.1:9 does not answer this node');
  });

  it.each([
    ['waits', 'W: Failed to fetch http://deb.example/InRelease  Could not connect to deb.example:80', 100],
    ['waits', 'E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 42 (apt)', 100],
    ['failed', 'E: Failed to fetch http://deb.example/c.deb  403  Forbidden [IP: 10.0.0.9 80]', 100],
    ['failed', 'E: Unable to locate package containernetworking-plugins', 100],
  ])('%s where apt says "%s"', async (outcome, words, code) => {
    const machine = await machineWith({ files: [], images: [] });
    rmSync(join(machine.root, 'opt/cni/bin/bridge'));
    machine.write('fake/apt-get', `${words}\n`);
    machine.write('fake/apt-get-code', String(code));

    expect(await causeOf(machine)).toMatch(new RegExp(`^${outcome}: .*${words.slice(3, 20)}`));
  });

  it('takes nothing of a setting that would be more than itself in a command', async () => {
    const machine = await machineWith({ mirror: 'http://127.0.0.1:9/$(touch hacked)' });

    expect(await causeOf(machine)).not.toBe('it went well');
    expect(asked).toEqual([]);
  });
});
