import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { templatePath } from '../../common/package-root.js';
import { type ListenerFixture, startListenerFixture } from '../support/listener-fixture.js';
import { addNode } from '../support/swarm-nodes.js';
import { until } from '../support/until.js';
import { Machine, removeMachines } from './machine.js';

jest.setTimeout(180_000);

const LOGIN = {
  generation: 1,
  user_id: '0f3c6a529d1b4c6e8a775b1f0e2d3c4a',
  password: 'p-_Q7',
  auth_url: 'https://cloud.example:5000/v3',
  storage_url: 'https://[fd00::1]:8080/v1/AUTH_7a1c',
  container: 'web-12345678-registry',
};

/** What answers in place of a registry or a Keystone, and what it was asked. */
async function listen(answer: (request: IncomingMessage, body: string) => { status: number; token?: string }) {
  const asked: string[] = [];
  const server: Server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    asked.push(`${request.method} ${request.url} ${body}`);
    const { status, token } = answer(request, body);
    response.writeHead(status, token === undefined ? {} : { 'X-Subject-Token': token }).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { port, asked, close: () => new Promise((resolve) => server.close(resolve)) };
}

/** One machine, in the order of the tests: it has no registry before the first login that is taken. */
describe("the script of a node's registry", () => {
  let folder: string;
  let fixture: ListenerFixture;
  let registry: Awaited<ReturnType<typeof listen>>;
  let machine: Machine;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bayou-registry-'));
    fixture = await startListenerFixture({ maxRequestsPerMinute: 10_000 });
    registry = await listen(() => ({ status: 200 }));
    await fixture.addSecret('registry-login', ['*'], []);
    const settings = { registry_port: registry.port };
    machine = new Machine(folder, await addNode(fixture, 'web-worker-0', 'worker', {}, { settings }));
    await machine.run('enrol.sh');
  });
  beforeEach(async () => {
    await fixture.setSecret('registry-login', JSON.stringify(LOGIN));
    registry.asked.length = 0;
  });
  afterAll(async () => {
    await Promise.all([fixture.stop(), registry.close()]);
    await removeMachines(folder);
  });

  it.each([
    { container: 'x"\n  maintenance: {}' },
    { password: '$(reboot)' },
    { storage_url: 'https://cloud.example/\nAUTH_CA=/etc/passwd' },
    { auth_url: 'file:///etc/passwd' },
  ])('takes no login that would mean something else: %j', async (part) => {
    await fixture.setSecret('registry-login', JSON.stringify({ ...LOGIN, ...part }));

    await expect(machine.run('steps/registry.sh')).rejects.toThrow('is not as expected');

    expect(machine.read('etc/docker/registry/config.yml')).toBe('');
    expect(machine.read('fake/systemctl')).not.toContain('docker-registry');
  });

  it('takes a new login when no other task changes the machine', async () => {
    const endTurn = await machine.takeTurn();

    let ended = false;
    const renewed = machine.run('tasks/registry.sh').finally(() => {
      ended = true;
    });
    await until(() => ended || machine.read('fake/flock') !== '');

    expect(machine.read('etc/docker/registry/config.yml')).toBe('');
    await endTurn();
    expect(await renewed).toContain('the registry has the newest login');
  });

  it('has it keep images in the container, and log in through the node', async () => {
    await machine.run('steps/registry.sh');

    const config = machine.read('etc/docker/registry/config.yml');
    expect(config).toContain(`addr: 127.0.0.1:${registry.port}\n`);
    expect(config).toContain('  redirect:\n    disable: true\n');
    expect(config).toContain(
      [
        '  swift:',
        '    authurl: http://127.0.0.1:5099/v1.0',
        '    authversion: 1',
        `    username: "${LOGIN.user_id}"`,
        `    password: "${LOGIN.password}"`,
        `    container: "${LOGIN.container}"\n`,
      ].join('\n'),
    );
    expect(machine.read('etc/docker/registry/login.env')).toBe(
      `AUTH_URL=${LOGIN.auth_url}\nSTORAGE_URL=${LOGIN.storage_url}\n`,
    );
    expect(machine.read('etc/systemd/system/bayou-registry-login.socket')).toContain('ListenStream=127.0.0.1:5099\n');
    const modeOf = (path: string) => (statSync(join(machine.root, path)).mode & 0o777).toString(8);
    expect(modeOf('etc/docker/registry/config.yml')).toBe('640');
    expect(modeOf('usr/local/lib/bayou')).toBe('755');
    expect(modeOf('usr/local/lib/bayou/registry-login')).toBe('755');
    expect(machine.read('fake/systemctl')).toContain('restart docker-registry.service');
    expect(registry.asked).toEqual(['GET /v2/ ']);
    const left = ['registry-login', 'registry-login.json', 'registry.answer'];
    expect(left.filter((name) => existsSync(join(machine.root, 'var/lib/bayou', name)))).toEqual([]);
  });

  it('restarts it for a new login, and for nothing else', async () => {
    await machine.run('steps/registry.sh');
    const before = machine.read('fake/systemctl');
    await machine.run('tasks/registry.sh');
    const same = machine.read('fake/systemctl');
    await fixture.setSecret('registry-login', JSON.stringify({ ...LOGIN, generation: 2, password: 'next' }));

    const said = await machine.run('tasks/registry.sh');

    expect(said).toContain('the registry has the newest login');
    expect(same).toBe(before);
    expect(machine.read('fake/systemctl').slice(before.length)).toContain('restart docker-registry.service');
    expect(machine.read('etc/docker/registry/config.yml')).toContain('password: "next"');
  });

  it('trusts the certificates of the cloud in place of its own where there are some', async () => {
    await fixture.setSecret('registry-login', JSON.stringify({ ...LOGIN, ca: fixture.caPem }));

    await machine.run('steps/registry.sh');

    expect(machine.read('etc/docker/registry/openstack-ca.pem').trim()).toBe(fixture.caPem.trim());
    expect(machine.read('etc/docker/registry/login.env')).toContain('AUTH_CA=/etc/docker/registry/openstack-ca.pem\n');
    expect(machine.read('etc/systemd/system/docker-registry.service.d/bayou.conf')).toContain(
      'Environment=SSL_CERT_FILE=/etc/docker/registry/openstack-ca.pem\n',
    );
  });
});

describe('the login of a registry', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bayou-registry-login-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** One connection, as systemd hands it to the script. */
  async function ask(authUrl: string, headers: string[]): Promise<string> {
    const settings = join(folder, 'login.env');
    writeFileSync(settings, `AUTH_URL=${authUrl}\nSTORAGE_URL=${LOGIN.storage_url}\n`);
    const environment = { ...process.env, BAYOU_REGISTRY_LOGIN: settings };
    const script = spawn('bash', [templatePath('common', 'registry-login.sh')], { env: environment });
    let output = '';
    script.stdout.on('data', (text) => (output += String(text)));
    script.stdin.end(['GET /v1.0 HTTP/1.1', 'Host: localhost', ...headers, '', ''].join('\r\n'));
    await once(script, 'close');
    return output;
  }

  const given = [`X-Auth-User: ${LOGIN.user_id}`, `X-Auth-Key: ${LOGIN.password}`];

  it("is Keystone's, for a token of no project", async () => {
    const keystone = await listen(() => ({ status: 201, token: 'gAAAAABtoken' }));

    const output = await ask(`http://127.0.0.1:${keystone.port}/v3`, given);
    await keystone.close();

    expect(output).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(output).toContain('X-Auth-Token: gAAAAABtoken\r\n');
    expect(output).toContain(`X-Storage-Url: ${LOGIN.storage_url}\r\n`);
    const password = { user: { id: LOGIN.user_id, password: LOGIN.password } };
    const auth = { identity: { methods: ['password'], password }, scope: 'unscoped' };
    expect(keystone.asked).toEqual([`POST /v3/auth/tokens ${JSON.stringify({ auth })}`]);
  });

  it.each([
    [401, '401 Unauthorized'],
    [503, '503 Service Unavailable'],
  ])('says what Keystone says: %i', async (status, expected) => {
    const keystone = await listen(() => ({ status }));

    const output = await ask(`http://127.0.0.1:${keystone.port}/v3`, given);
    await keystone.close();

    expect(output).toContain(`HTTP/1.1 ${expected}\r\n`);
  });

  it('says that it can not now when Keystone does not answer', async () => {
    const keystone = await listen(() => ({ status: 201 }));
    await keystone.close();

    expect(await ask(`http://127.0.0.1:${keystone.port}/v3`, given)).toContain('503 Service Unavailable');
  });

  it('asks Keystone nothing for what can be no login', async () => {
    const keystone = await listen(() => ({ status: 201, token: 'x' }));
    const [user = ''] = given;

    const output = await ask(`http://127.0.0.1:${keystone.port}/v3`, [user, 'X-Auth-Key: a","domain":{"x":"']);
    await keystone.close();

    expect(output).toContain('401 Unauthorized');
    expect(keystone.asked).toEqual([]);
  });
});
