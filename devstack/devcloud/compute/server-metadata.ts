import type { Cloud } from '../cloud.js';
import { CloudError } from '../cloud-error.js';
import { type Call, param, type Reply, type Route } from '../http/route.js';
import { type Caller, projectMember, projectReader } from '../identity/callers.js';
import { requireStatus, visibleServer } from './servers.js';

const NAME = /^[a-zA-Z0-9\-_:. ]{1,255}$/;
const MAX_VALUE = 255;
/** While a server is rebuilt, too. */
const WITH_A_DISK = ['ACTIVE', 'REBUILD'] as const;

/** What servers may read of themselves: members of their project write it. */
export function serverMetadataRoutes(cloud: Cloud): Route[] {
  return [
    {
      method: 'GET',
      path: '/v2.1/servers/:id/metadata',
      handle: (call, caller) => ({
        status: 200,
        body: { metadata: visibleServer(cloud, call, projectReader(caller)).metadata },
      }),
    },
    { method: 'POST', path: '/v2.1/servers/:id/metadata', handle: (call, caller) => add(cloud, call, caller) },
    {
      method: 'DELETE',
      path: '/v2.1/servers/:id/metadata/:item',
      handle: (call, caller) => remove(cloud, call, caller),
    },
  ];
}

function add(cloud: Cloud, call: Call, caller: Caller): Reply {
  const metadata = call.body.metadata as Record<string, unknown> | undefined;
  for (const [name, value] of Object.entries(metadata ?? {})) {
    if (!NAME.test(name) || typeof value !== 'string' || value.length > MAX_VALUE) {
      throw new CloudError(400, `Invalid input for field/attribute ${name}. Value: ${value}. '${value}' is too long`);
    }
  }
  const server = visibleServer(cloud, call, projectMember(caller));
  requireStatus(server, 'update instance metadata', WITH_A_DISK);
  server.metadata = { ...server.metadata, ...(metadata as Record<string, string>) };
  return { status: 200, body: { metadata: server.metadata } };
}

function remove(cloud: Cloud, call: Call, caller: Caller): Reply {
  const server = visibleServer(cloud, call, projectMember(caller));
  const { [param(call, 'item')]: gone, ...rest } = server.metadata;
  if (gone === undefined) throw new CloudError(404, 'Metadata item was not found');
  requireStatus(server, 'delete instance metadata', WITH_A_DISK);
  server.metadata = rest;
  return { status: 204 };
}
