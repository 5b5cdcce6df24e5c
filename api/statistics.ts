import { z } from 'zod';
import { countClusters, countNodes } from '../common/db/cluster-counts.js';
import { everything, type Scope } from '../common/db/scope.js';
import { ServiceError } from '../common/errors.js';
import type { Api } from './deps.js';
import { text } from './fields.js';
import { type Identity, ownScope } from './identity.js';
import { type ApiRequest, type ApiResponse, route } from './route.js';

const statsQuery = z.strictObject({
  project_id: text(),
  type: z
    .string()
    .regex(/^cluster$/i, 'must be cluster')
    .optional(),
});

const statsAnswer = z.strictObject({ clusters: z.int(), nodes: z.int() });

async function show(api: Api, request: ApiRequest<z.output<typeof statsQuery>, undefined>): Promise<ApiResponse> {
  const scope = countedScope(request.identity, request.query.project_id);
  const body = await api.db.read('stats', async (query) => ({
    clusters: await countClusters(scope, query),
    nodes: await countNodes(scope, query),
  }));
  return { status: 200, body };
}

/** An admin's without a project is the whole cloud. @throws ServiceError `forbidden` for another's project. */
function countedScope(identity: Identity, projectId: string | undefined): Scope {
  if (identity.isAdmin) return projectId === undefined ? everything : { kind: 'project', projectId };
  if (projectId === undefined || projectId === identity.projectId) return ownScope(identity);
  throw new ServiceError('forbidden', `The statistics of project ${projectId} are for its members and for admins.`, {
    code: 'foreign_project',
  });
}

export const statisticsRoutes = [
  route({
    method: 'GET',
    path: '/v1/stats',
    policy: 'stats:get_all',
    query: statsQuery,
    answers: { 200: statsAnswer },
    handler: show,
  }),
];
