import type { Readable } from 'node:stream';
import axios, { type AxiosResponse } from 'axios';
import { openstackTrusts } from '../../api/account-trusts.js';
import { createApi } from '../../api/app.js';
import { openstackLimits } from '../../api/cloud-limits.js';
import { openstackReferences } from '../../api/cloud-references.js';
import type { ClusterTypes } from '../../api/cluster-types.js';
import { clusterTypesOf } from '../../cli/cluster-types.js';
import { catalogOffers } from '../../cli/service-clients.js';
import { loadConfig } from '../../common/config/load.js';
import { silentLog } from '../../common/log.js';
import type { OperationMessage } from '../../common/queue/queue.js';
import { Sealer } from '../../common/sealing.js';
import { type DevelopmentCloud, startDevelopmentCloud } from '../../devstack/devcloud/devcloud.js';
import { seedId } from '../../devstack/devcloud/seed-id.js';
import { DriverRegistry } from '../../drivers/registry.js';
import { validateToken } from '../../openstack/identity/tokens.js';
import { Session, type SessionDeps } from '../../openstack/session.js';
import type { TokenInfo } from '../../openstack/token.js';
import { createTransport } from '../../openstack/transport.js';
import { answerProblems } from './conformance.js';
import { FakeClock } from './fake-clock.js';
import { FakeIds } from './fake-ids.js';
import { type DatabaseKind, openTestDatabase } from './test-database.js';

export const MAGNUM_DOMAIN = seedId('domain magnum');

/** What was published, for a test to see; a broker that is down on order. */
export class RecordingQueue {
  readonly messages: OperationMessage[] = [];
  /** Called in place of the broker. */
  behave: (message: OperationMessage) => Promise<void> = async () => {};
  connected = true;

  async publish(message: OperationMessage): Promise<void> {
    await this.behave(message);
    this.messages.push(message);
  }

  isConnected(): boolean {
    return this.connected;
  }
}

export interface Answer {
  status: number;
  headers: Record<string, string>;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into JSON of every shape.
  body: any;
}

export type Headers = Record<string, string>;

/** One user's way to the API. Any status resolves; an answer that is not as the API's document says does not. */
export class ApiClient {
  readonly #url: string;
  readonly headers: Headers;

  constructor(url: string, headers: Headers = {}) {
    this.#url = url;
    this.headers = headers;
  }

  /** The same user at another microversion. */
  at(version: string): ApiClient {
    return this.with({ 'OpenStack-API-Version': `container-infra ${version}` });
  }

  with(headers: Headers): ApiClient {
    return new ApiClient(this.#url, { ...this.headers, ...headers });
  }

  get(path: string): Promise<Answer> {
    return this.send('GET', path);
  }

  post(path: string, body?: unknown): Promise<Answer> {
    return this.send('POST', path, body);
  }

  patch(path: string, body?: unknown): Promise<Answer> {
    return this.send('PATCH', path, body);
  }

  delete(path: string): Promise<Answer> {
    return this.send('DELETE', path);
  }

  async send(method: string, path: string, body?: unknown): Promise<Answer> {
    const json = body === undefined ? {} : { 'Content-Type': 'application/json' };
    return this.raw(method, path, body === undefined ? undefined : JSON.stringify(body), json);
  }

  /** The bytes of a file. */
  async download(path: string): Promise<Buffer> {
    const answer = await axios.get(this.#url + path, {
      headers: this.headers,
      proxy: false,
      responseType: 'arraybuffer',
    });
    return Buffer.from(answer.data);
  }

  /** A body as it is, whatever it is. */
  async raw(
    method: string,
    path: string,
    data: string | Buffer | Readable | undefined,
    headers: Headers = {},
  ): Promise<Answer> {
    const answer: AxiosResponse = await axios.request({
      method,
      url: this.#url + path,
      data,
      headers: { ...headers, ...this.headers },
      validateStatus: () => true,
      maxRedirects: 0,
      proxy: false,
      maxBodyLength: Number.POSITIVE_INFINITY,
      transformRequest: (untouched: unknown) => untouched,
    });
    const problems = answer.status < 500 ? answerProblems(method, path, answer.status, answer.data) : [];
    if (problems.length > 0) throw new Error(`${method} ${path}: not as its document says: ${problems.join('; ')}`);
    const texts = Object.entries(answer.headers).map(([name, value]) => [name, String(value)]);
    return { status: answer.status, headers: Object.fromEntries(texts), body: answer.data };
  }
}

interface FixtureOptions {
  /** Settings as the environment has them: `BAYOU_API__MAX_LIMIT`. */
  settings?: Record<string, string>;
  database?: DatabaseKind;
  /** In the place of some of what the drivers say. */
  clusterTypes?: Partial<ClusterTypes>;
}

export type ApiFixture = Awaited<ReturnType<typeof startApi>>;

/** The API over a database of its own and the development cloud, all of it real but the time and the queue. */
export async function startApi({ settings = {}, database = 'sqlite', clusterTypes = {} }: FixtureOptions = {}) {
  const clock = new FakeClock();
  const ids = new FakeIds();
  const log = silentLog;
  const cloud = await startDevelopmentCloud(
    { clock, ids, log },
    { host: '127.0.0.1', port: 0, bootMs: 1000, heatStepMs: 100, tokenLifetimeMs: 3_600_000 },
  );
  const db = await openTestDatabase(database);
  const { config } = loadConfig(undefined, {
    BAYOU_API__PORT: '0',
    // Time stands still here, and no conductor works.
    BAYOU_API__BAY_WAIT_SECONDS: '0',
    BAYOU_KEYSTONE_AUTHTOKEN__AUTH_URL: cloud.url,
    BAYOU_TRUST__TRUSTEE_DOMAIN_ID: MAGNUM_DOMAIN,
    ...settings,
  });
  const queue = new RecordingQueue();
  const sessionDeps: SessionDeps = {
    transport: createTransport(),
    clock,
    ids,
    authUrl: cloud.url,
    interface: 'public',
    timeoutMs: 5000,
    retries: 0,
  };
  const serviceSession = new Session(sessionDeps, {
    kind: 'password',
    user: { name: 'magnum', domainName: 'Default' },
    password: 'secret',
    scope: { projectName: 'service', projectDomainName: 'Default' },
  });
  const domainAdmin = new Session(sessionDeps, {
    kind: 'password',
    user: { name: 'magnum_domain_admin', domainName: 'magnum' },
    password: 'secret',
    scope: { domainName: 'magnum' },
  });
  const userSession = (token: string, known: TokenInfo) => new Session(sessionDeps, { kind: 'token', token, known });
  const sealer = new Sealer(Buffer.alloc(32, 1));
  const app = createApi(
    {
      db,
      clock,
      ids,
      log,
      sealer,
      queue,
      clusterTypes: { ...clusterTypesOf(new DriverRegistry(), config.clusterHeat), ...clusterTypes },
      references: openstackReferences({ clock, serviceSession, userSession }),
      limits: openstackLimits({ clock, userSession, ...config.preflight }),
      trusts: openstackTrusts({ userSession, domainAdmin }),
      validateToken: (ctx, token) => validateToken(serviceSession, ctx, token),
      offers: catalogOffers(config),
      findTrusteeDomain: async () => config.trust.trusteeDomainId,
    },
    config,
  );
  const { url } = await app.start();
  return {
    app,
    url,
    cloud,
    clock,
    ids,
    db,
    queue,
    sealer,
    config,
    anonymous: new ApiClient(url),
    /** A seeded user of the development cloud, on a project of the same name unless told. */
    async as(user: string, project = user): Promise<ApiClient> {
      return new ApiClient(url, { 'X-Auth-Token': await tokenOf(cloud, user, project) });
    },
    async stop() {
      await app.stop();
      await db.close();
      await cloud.stop();
    },
  };
}

/** A token of a seeded user, for the project of that name or for a scope as Keystone has it; else an unscoped one. */
export async function tokenOf(
  cloud: Pick<DevelopmentCloud, 'url'>,
  user: string,
  wanted: string | object | undefined,
  domain = 'Default',
): Promise<string> {
  const identity = {
    methods: ['password'],
    password: { user: { name: user, domain: { name: domain }, password: 'secret' } },
  };
  const project = typeof wanted === 'string' ? { project: { name: wanted, domain: { name: 'Default' } } } : wanted;
  const scope = project ?? 'unscoped';
  const answer = await axios.post(`${cloud.url}/v3/auth/tokens`, { auth: { identity, scope } });
  return String(answer.headers['x-subject-token']);
}

/** An account of a cluster, as Bayou makes them, with its unscoped token. */
export async function accountToken(cloud: DevelopmentCloud, clusterId: string, projectId: string) {
  const id = seedId(`account ${clusterId}`);
  const name = `${clusterId}_${projectId}`;
  cloud.state.identity.users.set(id, {
    id,
    name,
    domainId: MAGNUM_DOMAIN,
    description: '',
    password: 'secret',
    enabled: true,
    defaultProjectId: undefined,
  });
  return { userId: id, token: await tokenOf(cloud, name, undefined, 'magnum') };
}
