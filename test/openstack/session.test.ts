import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ServiceError } from '../../common/errors.js';
import { withContext } from '../../common/request-context.js';
import type { Credentials } from '../../openstack/credentials.js';
import { isTransient, OpenStackError } from '../../openstack/errors.js';
import { type CallContext, Session, type SessionDeps, type SessionRequest } from '../../openstack/session.js';
import { createTransport } from '../../openstack/transport.js';
import { FakeClock } from '../support/fake-clock.js';
import { FakeIds } from '../support/fake-ids.js';
import { until } from '../support/until.js';

type Answer = { status: number; body?: unknown; headers?: Record<string, string> } | 'hang' | 'cut';

const PROJECT = 'p'.repeat(32);
const GET_THINGS: SessionRequest = { service: 'compute', method: 'GET', path: '/things' };
const PASSWORD: Credentials = {
  kind: 'password',
  user: { id: 'u1' },
  password: 'secret',
  scope: { projectId: PROJECT },
};

/** A service that answers as told, one by one, and Keystone beside it with tokens `t1`, `t2`, … */
class ScriptedCloud {
  readonly clock = new FakeClock();
  /** `METHOD /path token` of every call but authentications. */
  readonly calls: string[] = [];
  readonly requestIds: (string | undefined)[] = [];
  answers: Answer[] = [];
  authentications = 0;
  tokenLifetimeMs = 3_600_000;
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => this.#serve(request, response));
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  session(deps: Partial<SessionDeps> = {}, credentials = PASSWORD): Session {
    return new Session(
      {
        transport: createTransport(),
        clock: this.clock,
        ids: new FakeIds(),
        authUrl: this.url,
        interface: 'public',
        timeoutMs: 5000,
        ...deps,
      },
      credentials,
    );
  }

  /** The outcome of a call while time passes. */
  async outcome(session: Session, request = GET_THINGS, ctx: CallContext = {}): Promise<unknown> {
    let outcome: { is: unknown } | undefined;
    session.request(ctx, request).then(
      ({ body }) => {
        outcome = { is: body };
      },
      (error: unknown) => {
        outcome = { is: error };
      },
    );
    await this.clock.runUntil(() => outcome !== undefined, { limitMs: 3_600_000 });
    return outcome?.is;
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    if (request.url === '/v3/auth/tokens') {
      const answer = { token: this.#token() };
      response.writeHead(201, { 'X-Subject-Token': `t${++this.authentications}` }).end(JSON.stringify(answer));
      return;
    }
    this.calls.push(`${request.method} ${request.url} ${request.headers['x-auth-token']}`);
    this.requestIds.push(request.headers['x-openstack-request-id']?.toString());
    const answer = this.answers.shift() ?? { status: 200, body: { ok: true } };
    if (answer === 'hang') return;
    if (answer === 'cut') {
      response.destroy();
      return;
    }
    const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
    response.writeHead(answer.status, answer.headers).end(text);
  }

  #token(): unknown {
    const now = this.clock.now();
    const endpoint = (region: string, path: string) => ({ interface: 'public', region, url: `${this.url}${path}` });
    return {
      methods: ['password'],
      user: { id: 'u1', name: 'demo', domain: { id: 'default', name: 'Default' } },
      project: { id: PROJECT, name: 'demo', domain: { id: 'default', name: 'Default' } },
      roles: [{ id: 'r1', name: 'member' }],
      issued_at: new Date(now).toISOString(),
      expires_at: new Date(now + this.tokenLifetimeMs).toISOString(),
      catalog: [
        { type: 'compute', endpoints: [endpoint('One', '/compute/v2.1'), endpoint('Two', '/two/v2.1/')] },
        { type: 'network', endpoints: [endpoint('One', '/network')] },
        { type: 'image', endpoints: [endpoint('One', '/image/v2')] },
        { type: 'orchestration', endpoints: [endpoint('One', `/heat/v1/${PROJECT}`)] },
        { type: 'load-balancer', endpoints: [] },
      ],
    };
  }
}

describe('a session', () => {
  let cloud: ScriptedCloud;
  beforeEach(async () => {
    cloud = new ScriptedCloud();
    await cloud.start();
  });
  afterEach(() => cloud.stop());

  it('takes the endpoint of the region and adds the version where the catalog has none', async () => {
    await cloud.outcome(cloud.session({ region: 'Two' }));
    const session = cloud.session();
    await cloud.outcome(session, { service: 'network', method: 'GET', path: '/networks' });
    await cloud.outcome(session, {
      service: 'image',
      method: 'GET',
      path: '/images',
      query: { name: 'a b', marker: undefined },
    });
    await cloud.outcome(session, { service: 'orchestration', method: 'GET', path: '/stacks', projectId: 'other' });

    expect(cloud.calls).toEqual([
      'GET /two/v2.1/things t1',
      'GET /network/v2.0/networks t2',
      'GET /image/v2/images?name=a%20b t2',
      'GET /heat/v1/other/stacks t2',
    ]);
  });

  it('is unavailable, not "not found", where the catalog has no such endpoint', async () => {
    const outcome = await cloud.outcome(cloud.session({ region: 'Three' }));

    expect(outcome).toBeInstanceOf(ServiceError);
    expect(outcome).toMatchObject({ kind: 'unavailable', code: 'endpoint_missing' });
  });

  it('has no service in its catalog whose endpoints are all disabled', async () => {
    const { catalog } = await cloud.session().identity({});

    expect(catalog.map(({ type }) => type)).toEqual(['compute', 'network', 'image', 'orchestration']);
  });

  it('authenticates once for callers at the same time', async () => {
    const session = cloud.session();

    await Promise.all(Array.from({ length: 5 }, () => session.request({}, GET_THINGS)));

    expect(cloud.authentications).toBe(1);
  });

  it('renews its token before it expires', async () => {
    cloud.tokenLifetimeMs = 600_000;
    const session = cloud.session();
    await session.request({}, GET_THINGS);
    await cloud.clock.advance(545_000);
    await session.request({}, GET_THINGS);

    expect(cloud.calls).toEqual(['GET /compute/v2.1/things t1', 'GET /compute/v2.1/things t2']);
  });

  it('renews a token that is refused, once', async () => {
    cloud.answers = [{ status: 401 }];
    expect(await cloud.outcome(cloud.session())).toEqual({ ok: true });
    cloud.answers = [{ status: 401 }, { status: 401 }];
    expect(await cloud.outcome(cloud.session())).toMatchObject({ status: 401 });

    expect(cloud.calls).toHaveLength(4);
    expect(cloud.authentications).toBe(4);
  });

  it("never renews a user's own token", async () => {
    const known = await cloud.session().identity({});
    const session = cloud.session({}, { kind: 'token', token: 'own', known });
    cloud.answers = [{ status: 401 }];

    expect(await cloud.outcome(session)).toMatchObject({ status: 401 });
    expect(cloud.calls).toEqual(['GET /compute/v2.1/things own']);
    expect(cloud.authentications).toBe(1);
  });

  it.each([429, 502, 503, 504])('tries an idempotent call again after %d', async (status) => {
    cloud.answers = [{ status }, { status }];

    expect(await cloud.outcome(cloud.session())).toEqual({ ok: true });
    expect(cloud.calls).toHaveLength(3);
  });

  it('gives the last answer after its retries', async () => {
    cloud.answers = Array.from({ length: 3 }, () => ({ status: 503, body: '<html><body>down</body></html>' }));

    expect(await cloud.outcome(cloud.session())).toMatchObject({ status: 503, serviceMessage: 'down' });
    expect(cloud.calls).toHaveLength(3);
  });

  it('tries again after a cut connection, but never a POST', async () => {
    cloud.answers = ['cut'];
    expect(await cloud.outcome(cloud.session())).toEqual({ ok: true });
    cloud.answers = ['cut'];
    const outcome = await cloud.outcome(cloud.session(), { ...GET_THINGS, method: 'POST', body: {} });

    expect(outcome).toBeInstanceOf(OpenStackError);
    expect([isTransient(outcome), (outcome as OpenStackError).status]).toEqual([true, undefined]);
    expect(cloud.calls).toHaveLength(3);
  });

  it('waits as long as Retry-After says', async () => {
    cloud.answers = [{ status: 503, headers: { 'Retry-After': '7' } }];
    const before = cloud.clock.now();

    expect(await cloud.outcome(cloud.session())).toEqual({ ok: true });
    expect(cloud.clock.now() - before).toBe(7000);
  });

  it('does not wait for longer than the call may take', async () => {
    cloud.answers = [{ status: 503, headers: { 'Retry-After': '7' } }];
    const before = cloud.clock.now();

    expect(await cloud.outcome(cloud.session(), GET_THINGS, { timeoutMs: 6000 })).toMatchObject({
      status: 503,
      retryAfterSeconds: 7,
    });
    expect(cloud.clock.now()).toBe(before);
  });

  it('gives up on an answer that does not come in time', async () => {
    cloud.answers = ['hang'];

    const outcome = await cloud.outcome(cloud.session({ retries: 0 }), GET_THINGS, { timeoutMs: 50 });

    expect(outcome).toMatchObject({ status: undefined, serviceMessage: 'no answer within 50 ms' });
    expect(isTransient(outcome)).toBe(true);
  });

  it('ends with the reason of an aborted signal, without another try', async () => {
    cloud.answers = ['hang'];
    const abort = new AbortController();
    const session = cloud.session();
    await session.identity({});
    const call = session.request({ signal: abort.signal }, GET_THINGS);
    await until(() => cloud.calls.length === 1);
    const reason = new Error('lease lost');
    abort.abort(reason);

    await expect(call).rejects.toBe(reason);
    expect(cloud.calls).toHaveLength(1);
  });

  it('lets through what a transport throws that is no connection error', async () => {
    const crash = new Error('the process was stopped here');
    const transport = createTransport();
    const session = cloud.session({
      transport: (request) => (request.service === 'identity' ? transport(request) : Promise.reject(crash)),
    });

    expect(await cloud.outcome(session)).toBe(crash);
  });

  it('passes the request id on', async () => {
    const session = cloud.session();
    await withContext({ requestId: 'req-1' }, () => session.request({}, GET_THINGS));

    expect(cloud.requestIds).toEqual(['req-1']);
  });
});
