import { undefinedIfMissing } from '../find.js';
import { path } from '../path.js';
import type { CallContext, Session } from '../session.js';

export interface Project {
  id: string;
  name: string;
  domainId: string;
  enabled: boolean;
}

interface ProjectBody {
  id: string;
  name: string;
  domain_id: string;
  enabled: boolean;
}

export async function findProject(session: Session, ctx: CallContext, id: string): Promise<Project | undefined> {
  const answer = await undefinedIfMissing(
    session.request<{ project: ProjectBody }>(ctx, {
      service: 'identity',
      method: 'GET',
      path: path('projects', id),
    }),
  );
  if (answer === undefined) return undefined;
  return readProject(answer.body.project);
}

/** In any domain. */
export async function findProjectsByName(session: Session, ctx: CallContext, name: string): Promise<Project[]> {
  const { body } = await session.request<{ projects: ProjectBody[] }>(ctx, {
    service: 'identity',
    method: 'GET',
    path: '/projects',
    query: { name },
  });
  return body.projects.map(readProject);
}

function readProject(body: ProjectBody): Project {
  return { id: body.id, name: body.name, domainId: body.domain_id, enabled: body.enabled };
}
