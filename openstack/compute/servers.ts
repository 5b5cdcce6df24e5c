import { existed, undefinedIfMissing } from '../find.js';
import { allPages } from '../pages.js';
import { path } from '../path.js';
import type { CallContext, Session } from '../session.js';

export interface ServerAddress {
  address: string;
  network: string;
  kind: 'fixed' | 'floating';
}

export interface Server {
  id: string;
  name: string;
  /** `ACTIVE`, `BUILD`, `ERROR`, … */
  status: string;
  addresses: ServerAddress[];
  /** Why a server is in `ERROR`, known long before Heat gives its stack up. */
  fault: { code: number; message: string } | undefined;
  metadata: Record<string, string>;
  createdAt: number;
}

interface ServerBody {
  id: string;
  name: string;
  status: string;
  addresses: Record<string, { addr: string; 'OS-EXT-IPS:type'?: string }[]>;
  fault?: { code: number; message: string };
  metadata?: Record<string, string>;
  created: string;
}

export async function findServer(session: Session, ctx: CallContext, id: string): Promise<Server | undefined> {
  const answer = await undefinedIfMissing(
    session.request<{ server: ServerBody }>(ctx, { service: 'compute', method: 'GET', path: path('servers', id) }),
  );
  return answer === undefined ? undefined : readServer(answer.body.server);
}

/** The project's servers whose names begin with `namePrefix`. */
export async function listServers(
  session: Session,
  ctx: CallContext,
  input: { namePrefix: string },
): Promise<Server[]> {
  const servers = await allPages(async ({ marker, limit }) => {
    const { body } = await session.request<{ servers: ServerBody[]; servers_links?: unknown }>(ctx, {
      service: 'compute',
      method: 'GET',
      path: '/servers/detail',
      query: { name: `^${input.namePrefix.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`, marker, limit },
    });
    return { items: body.servers.map(readServer), more: body.servers_links !== undefined };
  });
  return servers.filter((server) => server.name.startsWith(input.namePrefix));
}

/**
 * The last lines of a server's console. Undefined: there is no such server.
 * @throws OpenStackError 409 while it has no console, 404 or 501 from a hypervisor without any.
 */
export async function findConsoleOutput(
  session: Session,
  ctx: CallContext,
  input: { id: string; lines: number },
): Promise<string | undefined> {
  const answer = await undefinedIfMissing(
    session.request<{ output?: string }>(ctx, {
      service: 'compute',
      method: 'POST',
      path: `${path('servers', input.id)}/action`,
      body: { 'os-getConsoleOutput': { length: input.lines } },
    }),
  );
  return answer === undefined ? undefined : (answer.body.output ?? '');
}

/** Whether there was such a server. It is gone only some time later. */
export async function deleteServer(session: Session, ctx: CallContext, id: string): Promise<boolean> {
  return existed(session.request(ctx, { service: 'compute', method: 'DELETE', path: path('servers', id) }));
}

function readServer(body: ServerBody): Server {
  const addresses = Object.entries(body.addresses).flatMap(([network, entries]) =>
    entries.map(
      (entry): ServerAddress => ({
        address: entry.addr,
        network,
        kind: entry['OS-EXT-IPS:type'] === 'floating' ? 'floating' : 'fixed',
      }),
    ),
  );
  return {
    id: body.id,
    name: body.name,
    status: body.status,
    addresses,
    fault: body.fault === undefined ? undefined : { code: body.fault.code, message: body.fault.message },
    metadata: body.metadata ?? {},
    createdAt: Date.parse(body.created),
  };
}
