import type { Clock } from '../common/clock.js';
import { ServiceError } from '../common/errors.js';
import type { Ids } from '../common/ids.js';
import { authentication, type Credentials, type LoginCredentials } from './credentials.js';
import { OpenStackError, readFault } from './errors.js';
import {
  type EndpointChoice,
  type EndpointInterface,
  findEndpoint,
  readToken,
  type TokenInfo,
  withVersion,
} from './token.js';
import { ConnectionError, type ServiceType, type Transport, type TransportResponse, type Upload } from './transport.js';

/** First argument of every call. */
export interface CallContext {
  /** Ends the call; it then rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Longest time for the whole call, its retries included. */
  timeoutMs?: number | undefined;
}

export interface SessionDeps {
  transport: Transport;
  clock: Clock;
  ids: Ids;
  /** Keystone, with or without /v3. Calls to the identity service go here too. */
  authUrl: string;
  /** Default: the first one in the catalog. */
  region?: string | undefined;
  interface: EndpointInterface;
  /** Where a service, by its type in the catalog, is reached in another region or by another kind of endpoint. */
  endpoints?: Readonly<Record<string, EndpointChoice>> | undefined;
  /** Longest time for one attempt. */
  timeoutMs: number;
  /** Further attempts of an idempotent call. Default 2. */
  retries?: number | undefined;
}

export interface SessionRequest {
  service: ServiceType;
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** After the service's versioned endpoint, with a slash in front; see `path()`. */
  path: string;
  query?: Record<string, string | number | boolean | undefined> | undefined;
  headers?: Record<string, string> | undefined;
  body?: unknown;
  /** Sent as it is, in place of `body`. */
  upload?: Upload | undefined;
  /** Statuses that are no error. Default: 200 to 299. */
  expect?: readonly number[] | undefined;
  /** Another project's path, for services whose endpoint holds the project (Heat). */
  projectId?: string | undefined;
}

export interface SessionResponse<T> {
  status: number;
  headers: Record<string, string>;
  body: T;
}

interface Exchange extends Omit<SessionRequest, 'path' | 'query' | 'projectId'> {
  url: string;
  /** A POST that may be sent twice: an authentication. */
  repeatable?: boolean;
}

interface HeldToken {
  value: string;
  info: TokenInfo;
  /** By our own clock, so that Keystone's may differ. */
  renewAt: number;
}

const IDEMPOTENT = new Set(['GET', 'HEAD', 'PUT', 'DELETE']);
const RETRIED_STATUS = new Set([429, 502, 503, 504]);
const DEFAULT_RETRIES = 2;
const FIRST_WAIT_MS = 250;
const RENEW_BEFORE_MS = 60_000;

/** One identity's view of the cloud: its token, the catalog, and how calls are tried again. */
export class Session {
  readonly #deps: SessionDeps;
  readonly #credentials: Credentials;
  #token: HeldToken | undefined;
  #fetching: Promise<HeldToken> | undefined;

  constructor(deps: SessionDeps, credentials: Credentials) {
    this.#deps = deps;
    this.#credentials = credentials;
  }

  /** @throws OpenStackError for any status that is not expected, and for no answer. */
  async request<T = unknown>(ctx: CallContext, request: SessionRequest): Promise<SessionResponse<T>> {
    const deadline = this.#deadline(ctx);
    let token = await this.#currentToken();
    let response = await this.#attempts(ctx, deadline, this.#exchange(request, token));
    if (response.status === 401 && this.#forget(token)) {
      token = await this.#currentToken();
      response = await this.#attempts(ctx, deadline, this.#exchange(request, token));
    }
    return this.#checked<T>(this.#exchange(request, token), response);
  }

  /** Who this session is. Asks Keystone at most once per token. */
  async identity(ctx: CallContext): Promise<TokenInfo> {
    ctx.signal?.throwIfAborted();
    return (await this.#currentToken()).info;
  }

  /** The deadline of a call that begins now. */
  #deadline(ctx: CallContext): number {
    const { clock, timeoutMs, retries = DEFAULT_RETRIES } = this.#deps;
    return clock.now() + (ctx.timeoutMs ?? timeoutMs * (retries + 1));
  }

  #exchange(request: SessionRequest, token: HeldToken): Exchange {
    const { path, query, projectId, ...rest } = request;
    return {
      ...rest,
      headers: { ...request.headers, 'X-Auth-Token': token.value },
      url: this.#endpoint(request.service, token.info, projectId) + path + queryString(query),
    };
  }

  #endpoint(service: ServiceType, info: TokenInfo, projectId: string | undefined): string {
    if (service === 'identity') return withVersion(this.#deps.authUrl, 'identity');
    const choice = this.#deps.endpoints?.[service] ?? this.#deps;
    const endpoint = findEndpoint(info.catalog, service, choice);
    if (endpoint === undefined) {
      const region = choice.region === undefined ? '' : ` in region ${choice.region}`;
      // Not a 404 of the service: a delete would take that for success.
      throw new ServiceError(
        'unavailable',
        `The service catalog has no ${choice.interface} endpoint of type ${service}${region}.`,
        { code: 'endpoint_missing' },
      );
    }
    if (projectId === undefined || info.projectId === undefined || !endpoint.endsWith(info.projectId)) return endpoint;
    return endpoint.slice(0, -info.projectId.length) + projectId;
  }

  /** Tries until there is an answer worth giving back; the last one otherwise. */
  async #attempts(ctx: CallContext, deadline: number, exchange: Exchange): Promise<TransportResponse> {
    const { clock, ids, retries = DEFAULT_RETRIES } = this.#deps;
    for (let attempt = 0; ; attempt++) {
      const outcome = await this.#attempt(ctx, deadline, exchange);
      const failed = outcome instanceof OpenStackError || RETRIED_STATUS.has(outcome.status);
      if (failed && attempt < retries && (exchange.repeatable === true || IDEMPOTENT.has(exchange.method))) {
        const asked = outcome instanceof OpenStackError ? undefined : readFault(outcome).retryAfterSeconds;
        const waitMs = asked === undefined ? FIRST_WAIT_MS * 2 ** attempt * (0.5 + ids.random()) : asked * 1000;
        if (clock.now() + waitMs < deadline) {
          await clock.sleep(waitMs, ctx.signal);
          continue;
        }
      }
      if (outcome instanceof OpenStackError) throw outcome;
      return outcome;
    }
  }

  /** One exchange; no answer is an outcome too. */
  async #attempt(ctx: CallContext, deadline: number, exchange: Exchange): Promise<TransportResponse | OpenStackError> {
    ctx.signal?.throwIfAborted();
    const { service, method, url, headers = {}, body, upload } = exchange;
    const timeoutMs = Math.min(this.#deps.timeoutMs, deadline - this.#deps.clock.now());
    if (timeoutMs <= 0)
      return new OpenStackError({ service, method, url, serviceMessage: 'no time left for the call' });
    try {
      return await this.#deps.transport({ service, method, url, headers, body, upload, timeoutMs, signal: ctx.signal });
    } catch (error) {
      ctx.signal?.throwIfAborted();
      if (!(error instanceof ConnectionError)) throw error;
      return new OpenStackError({ service, method, url, serviceMessage: error.message, cause: error });
    }
  }

  #checked<T>(exchange: Exchange, response: TransportResponse): SessionResponse<T> {
    const { status } = response;
    const expected = exchange.expect?.includes(status) ?? (status >= 200 && status < 300);
    if (expected) return { status, headers: response.headers, body: response.body as T };
    const { service, method, url } = exchange;
    throw new OpenStackError({ service, method, url, status, ...readFault(response) });
  }

  /** Whether there is a way to another token. A newer one that a neighbour fetched is kept. */
  #forget(token: HeldToken): boolean {
    if (this.#credentials.kind === 'token') return false;
    if (this.#token === token) this.#token = undefined;
    return true;
  }

  /** Callers at the same time share one fetch, so it belongs to none of them and has its own time. */
  async #currentToken(): Promise<HeldToken> {
    if (this.#token !== undefined && this.#deps.clock.now() < this.#token.renewAt) return this.#token;
    this.#fetching ??= this.#fetchToken().finally(() => {
      this.#fetching = undefined;
    });
    this.#token = await this.#fetching;
    return this.#token;
  }

  async #fetchToken(): Promise<HeldToken> {
    const credentials = this.#credentials;
    if (credentials.kind !== 'token') return this.#authenticate(credentials);
    if (credentials.known !== undefined) return this.#hold(credentials.token, credentials.known);
    const own = { 'X-Auth-Token': credentials.token, 'X-Subject-Token': credentials.token };
    const response = await this.#identityCall({
      service: 'identity',
      method: 'GET',
      url: this.#tokensUrl(),
      headers: own,
    });
    return this.#hold(credentials.token, readToken(response.body));
  }

  async #authenticate(credentials: LoginCredentials): Promise<HeldToken> {
    const body = authentication(credentials);
    const response = await this.#identityCall({
      service: 'identity',
      method: 'POST',
      url: this.#tokensUrl(),
      body,
      repeatable: true,
    });
    return this.#hold(response.headers['x-subject-token'] ?? '', readToken(response.body));
  }

  async #identityCall(exchange: Exchange): Promise<SessionResponse<unknown>> {
    const ctx = { timeoutMs: this.#deps.timeoutMs };
    return this.#checked(exchange, await this.#attempts(ctx, this.#deadline(ctx), exchange));
  }

  #hold(value: string, info: TokenInfo): HeldToken {
    const lifetimeMs = info.expiresAt - info.issuedAt;
    // A user's own token cannot be renewed: it is used until Keystone refuses it.
    const renewAt =
      this.#credentials.kind === 'token'
        ? Number.POSITIVE_INFINITY
        : this.#deps.clock.now() + lifetimeMs - RENEW_BEFORE_MS;
    return { value, info, renewAt };
  }

  #tokensUrl(): string {
    return `${withVersion(this.#deps.authUrl, 'identity')}/auth/tokens`;
  }
}

function queryString(query: SessionRequest['query']): string {
  const pairs = Object.entries(query ?? {}).flatMap(([key, value]) =>
    value === undefined ? [] : [`${encodeURIComponent(key)}=${encodeURIComponent(value)}`],
  );
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}
