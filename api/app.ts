import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Koa from 'koa';
import type { Cancel } from '../common/clock.js';
import type { Config } from '../common/config/schema.js';
import { errorText } from '../common/errors.js';
import { withDeadline } from './deadline.js';
import type { Api, ApiDeps } from './deps.js';
import { minorOf } from './microversion.js';
import { accessLog } from './middleware/access-log.js';
import { cors } from './middleware/cors.js';
import { dispatch } from './middleware/dispatch.js';
import { errorMapper } from './middleware/error-mapper.js';
import { findRoute } from './middleware/find-route.js';
import { keystoneAuth } from './middleware/keystone-auth.js';
import { microversion } from './middleware/microversion.js';
import { requestId } from './middleware/request-id.js';
import { requestTimeout } from './middleware/request-timeout.js';
import type { ApiState } from './middleware/state.js';
import { loadPolicy } from './policy-files.js';
import { tellPolicyWarnings, watchPolicy } from './policy-watch.js';
import { Router } from './router.js';
import { routes } from './routes.js';

/** Tokens of large deployments are long, and so are the headers of proxies. */
const MAX_HEADER_BYTES = 65_536;
const HEADERS_TIMEOUT_MS = 15_000;
/** Longer than the idle time of common proxies, which then close first. */
const KEEP_ALIVE_MS = 75_000;
const STOP_MS = 20_000;

export interface RunningApi {
  /** Listens. `url` has the port that was really taken. */
  start(): Promise<{ url: string }>;
  /** Takes no more requests, ends those under way, cuts what is still open after 20 s. */
  stop(): Promise<void>;
}

export function createApi(deps: ApiDeps, config: Config): RunningApi {
  const policy = loadPolicy(config.osloPolicy);
  tellPolicyWarnings(deps.log, policy);
  const api: Api = { ...deps, config, policy };
  const server = createServer(
    { maxHeaderSize: MAX_HEADER_BYTES, keepAliveTimeout: KEEP_ALIVE_MS, headersTimeout: HEADERS_TIMEOUT_MS },
    (request, response) => {
      void handle(request, response);
    },
  );
  const handle = createApp(api, () => !server.listening).callback();
  let stopWatching: Cancel = () => {};
  server.requestTimeout = config.api.requestTimeoutSeconds * 1000;
  return {
    async start() {
      await listen(server, config.api.port, config.api.host);
      const { address, family, port } = server.address() as AddressInfo;
      const url = `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
      stopWatching = watchPolicy(api, config.osloPolicy);
      api.log.info({ url }, 'API listens');
      return { url };
    },
    async stop() {
      if (!server.listening) return;
      stopWatching();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      await withDeadline(api.clock, STOP_MS, closed, () => new Error('requests were still under way')).catch(
        (error) => {
          api.log.warn({ error: errorText(error) }, 'API stopped with connections open');
          server.closeAllConnections();
        },
      );
    },
  };
}

function createApp(api: Api, isStopping: () => boolean): Koa<ApiState> {
  const app = new Koa<ApiState>();
  app.on('error', (error: unknown) => api.log.warn({ error: errorText(error) }, 'Answer not sent'));
  app.use(async (ctx, next) => {
    await next();
    if (isStopping()) ctx.set('Connection', 'close');
  });
  app.use(requestId(api));
  app.use(accessLog(api));
  app.use(cors(api.config.cors));
  app.use(errorMapper(api));
  app.use(requestTimeout(api, api.config.api.requestTimeoutSeconds));
  app.use(findRoute(new Router(routes)));
  app.use(keystoneAuth(api));
  app.use(microversion(minorOf(api.config.api.highestMicroversion)));
  app.use(dispatch(api));
  return app;
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
