import type { Cloud } from '../cloud.js';
import { CloudError } from '../cloud-error.js';
import { type Call, param, type Reply, type Route } from '../http/route.js';
import { type Caller, forbidden, requireAdmin } from './callers.js';
import type { Domain, Project } from './state.js';

/** Domains, projects and roles are seeded; they are read only. */
export function projectRoutes(cloud: Cloud): Route[] {
  const { domains, projects, roles } = cloud.identity;
  return [
    {
      method: 'GET',
      path: '/v3/domains',
      handle: (call, caller) => {
        requireAdmin(caller);
        return { status: 200, body: { domains: named([...domains.values()], call).map(domainView) } };
      },
    },
    { method: 'GET', path: '/v3/domains/:id', handle: (call, caller) => showDomain(cloud, call, caller) },
    {
      method: 'GET',
      path: '/v3/projects',
      handle: (call, caller) => {
        requireAdmin(caller);
        return { status: 200, body: { projects: named([...projects.values()], call).map(projectView) } };
      },
    },
    { method: 'GET', path: '/v3/projects/:id', handle: (call, caller) => showProject(cloud, call, caller) },
    { method: 'GET', path: '/v3/auth/projects', handle: (_, caller) => ownProjects(cloud, caller) },
    {
      method: 'GET',
      path: '/v3/roles',
      handle: (call, caller) => {
        if (!caller.roles.has('admin')) throw forbidden('identity:list_roles');
        return { status: 200, body: { roles: named([...roles.values()], call) } };
      },
    },
  ];
}

function named<T extends { name: string }>(items: T[], call: Call): T[] {
  const name = call.query.get('name');
  return name === null ? items : items.filter((item) => item.name === name);
}

function showDomain(cloud: Cloud, call: Call, caller: Caller): Reply {
  const id = param(call, 'id');
  if (!caller.isAdmin && caller.domainId !== id) throw forbidden('identity:get_domain');
  const domain = cloud.identity.domains.get(id);
  if (domain === undefined) throw new CloudError(404, `Could not find domain: ${id}.`);
  return { status: 200, body: { domain: domainView(domain) } };
}

function showProject(cloud: Cloud, call: Call, caller: Caller): Reply {
  const id = param(call, 'id');
  if (!caller.isAdmin && caller.projectId !== id) throw forbidden('identity:get_project');
  const project = cloud.identity.projects.get(id);
  if (project === undefined) throw new CloudError(404, `Could not find project: ${id}.`);
  return { status: 200, body: { project: projectView(project) } };
}

function ownProjects(cloud: Cloud, caller: Caller): Reply {
  const projects = [...cloud.identity.projects.values()].filter(
    ({ id }) => cloud.identity.grantedRoles(caller.userId, { kind: 'project', id }).length > 0,
  );
  return { status: 200, body: { projects: projects.map(projectView), links: {} } };
}

function domainView(domain: Domain): Record<string, unknown> {
  return { ...domain, enabled: true, description: '', options: {}, tags: [], links: {} };
}

function projectView({ id, name, domainId }: Project): Record<string, unknown> {
  return {
    id,
    name,
    domain_id: domainId,
    parent_id: domainId,
    is_domain: false,
    enabled: true,
    description: '',
    options: {},
    tags: [],
    links: {},
  };
}
