import type { Cloud } from '../cloud.js';
import type { Route } from '../http/route.js';
import { projectReader } from '../identity/callers.js';
import { visibleServer } from './servers.js';

/** What was done with a server, the newest first. */
export function serverActionRoutes(cloud: Cloud): Route[] {
  return [
    {
      method: 'GET',
      path: '/v2.1/servers/:id/os-instance-actions',
      handle: (call, caller) => {
        const server = visibleServer(cloud, call, projectReader(caller));
        const instanceActions = server.actions.map(({ action, requestId, userId, at }) => ({
          action,
          instance_uuid: server.id,
          message: null,
          project_id: server.projectId,
          request_id: requestId,
          // Without a zone and in whole seconds, as Nova has it.
          start_time: new Date(at).toISOString().replace(/\.\d+Z$/, '.000000'),
          user_id: userId,
        }));
        return { status: 200, body: { instanceActions } };
      },
    },
  ];
}
