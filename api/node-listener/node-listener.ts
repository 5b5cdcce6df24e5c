import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import Koa from 'koa';
import { ensureNodeAuthority } from '../../common/authorities.js';
import { type Cancel, repeat } from '../../common/clock.js';
import { endsWithin } from '../../common/drain.js';
import { TICKET_KEY_USE } from '../../common/enrolment-ticket.js';
import { errorText } from '../../common/errors.js';
import { routing } from './answer-request.js';
import type { ListenerContext, NodeListenerConfig, NodeListenerDeps } from './context.js';
import { LastSeen } from './last-seen.js';
import { createLimits } from './limits.js';
import { NodeViews } from './node-view.js';
import { Peers } from './peer.js';
import { newServerIdentity, type ServerIdentity } from './server-identity.js';

export interface NodeListener {
  /** `url` is where nodes reach it, `caPem` what they check it against: both go into node.json. */
  start(): Promise<{ url: string; caPem: string; port: number }>;
  /** Lets requests under way end (5 s at most) and writes who was seen. */
  stop(): Promise<void>;
}

const RENEWAL_CHECK_MS = 12 * 3_600_000;
const STOP_MS = 5000;
const MAX_CONNECTIONS = 20_000;
const HEADERS_MS = 10_000;
const REQUEST_MS = 30_000;
/** Longer than a heartbeat's interval, so that a node may keep its connection. */
const KEEP_ALIVE_MS = 75_000;

/** Where nodes report, over mutual TLS: the only thing of Bayou that they can reach. */
export function createNodeListener(deps: NodeListenerDeps, config: NodeListenerConfig): NodeListener {
  const lastSeen = new LastSeen(deps);
  let server: Server | undefined;
  let cancelRenewal: Cancel = () => {};
  return {
    async start() {
      const authority = await ensureNodeAuthority(deps.db, deps);
      const context: ListenerContext = {
        deps,
        config,
        authority,
        ticketKey: deps.sealer.derive(TICKET_KEY_USE),
        views: new NodeViews(deps.db),
        lastSeen,
        limits: createLimits(config),
      };
      const peers = new Peers(authority.certificatePem);
      const app = new Koa();
      app.use(routing(context, peers));
      const identity = await newServerIdentity(deps.clock, authority, config);
      server = openServer(context, identity, app);
      cancelRenewal = renewInTime(context, identity, server);
      server.listen(config.port, config.host);
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      const host = config.host.includes(':') ? `[${config.host}]` : config.host;
      return { url: config.publicUrl ?? `https://${host}:${port}`, caPem: authority.certificatePem, port };
    },
    async stop() {
      cancelRenewal();
      if (server !== undefined) await close(deps, server);
      await lastSeen.flush();
    },
  };
}

/** Certificates of nodes are asked for here and judged in `peer.ts`, by our own clock. */
function openServer(context: ListenerContext, identity: ServerIdentity, app: Koa): Server {
  const server = createServer(
    {
      key: identity.key,
      cert: identity.cert,
      ca: context.authority.certificatePem,
      requestCert: true,
      rejectUnauthorized: false,
      minVersion: 'TLSv1.2',
      handshakeTimeout: HEADERS_MS,
      headersTimeout: HEADERS_MS,
      requestTimeout: REQUEST_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
    },
    app.callback(),
  );
  server.maxConnections = MAX_CONNECTIONS;
  return server;
}

function renewInTime({ deps, config, authority }: ListenerContext, first: ServerIdentity, server: Server): Cancel {
  const { clock, log } = deps;
  let { renewAt } = first;
  const check = async () => {
    if (clock.now() < renewAt) return;
    const next = await newServerIdentity(clock, authority, config);
    server.setSecureContext({ key: next.key, cert: next.cert, ca: authority.certificatePem, minVersion: 'TLSv1.2' });
    renewAt = next.renewAt;
  };
  return repeat(clock, RENEWAL_CHECK_MS, check, (error) =>
    log.error({ error: errorText(error) }, "Node listener's certificate was not renewed"),
  );
}

async function close({ clock }: NodeListenerDeps, server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  server.closeIdleConnections();
  if (await endsWithin(clock, STOP_MS, closed)) return;
  server.closeAllConnections();
  await closed;
}
