import type { Cloud } from '../cloud.js';
import { CloudError } from '../cloud-error.js';
import { type Call, param, type Reply, type Route } from '../http/route.js';
import { type Caller, forbidden } from './callers.js';
import type { User } from './state.js';

interface UserInput {
  name?: string;
  domain_id?: string;
  password?: string;
  description?: string;
  enabled?: boolean;
  default_project_id?: string;
}

export function userRoutes(cloud: Cloud): Route[] {
  return [
    { method: 'GET', path: '/v3/users', handle: (call, caller) => list(cloud, call, caller) },
    { method: 'POST', path: '/v3/users', handle: (call, caller) => create(cloud, call, caller) },
    { method: 'GET', path: '/v3/users/:id', handle: (call, caller) => show(cloud, call, caller) },
    { method: 'PATCH', path: '/v3/users/:id', handle: (call, caller) => update(cloud, call, caller) },
    { method: 'DELETE', path: '/v3/users/:id', handle: (call, caller) => remove(cloud, call, caller) },
  ];
}

/** The admin of a domain manages the users of that domain and no others. */
function mayManage(caller: Caller, domainId: string): boolean {
  return caller.isAdmin || (caller.domainId === domainId && caller.roles.has('admin'));
}

function list(cloud: Cloud, call: Call, caller: Caller): Reply {
  const domainId = call.query.get('domain_id') ?? caller.domainId;
  if (!caller.isAdmin && (domainId === undefined || !mayManage(caller, domainId)))
    throw forbidden('identity:list_users');
  const name = call.query.get('name');
  const users = [...cloud.identity.users.values()].filter(
    (user) => (domainId === undefined || user.domainId === domainId) && (name === null || user.name === name),
  );
  return { status: 200, body: { users: users.map(view), links: { next: null, self: '', previous: null } } };
}

function create(cloud: Cloud, call: Call, caller: Caller): Reply {
  const input = (call.body.user ?? {}) as UserInput;
  const domainId = input.domain_id ?? caller.domainId ?? 'default';
  if (!mayManage(caller, domainId)) throw forbidden('identity:create_user');
  if (typeof input.name !== 'string' || input.name === '') {
    throw new CloudError(400, "Invalid input for field 'name': '' should be non-empty");
  }
  if (!cloud.identity.domains.has(domainId)) throw new CloudError(404, `Could not find domain: ${domainId}.`);
  if ([...cloud.identity.users.values()].some((user) => user.domainId === domainId && user.name === input.name)) {
    throw new CloudError(
      409,
      `Conflict occurred attempting to store user - Duplicate entry found with name ${input.name} at domain ID ${domainId}.`,
    );
  }
  const user: User = {
    id: cloud.ids.uuid().replaceAll('-', ''),
    name: input.name,
    domainId,
    description: input.description ?? '',
    password: input.password ?? cloud.ids.secret(24),
    enabled: input.enabled ?? true,
    defaultProjectId: input.default_project_id,
  };
  cloud.identity.users.set(user.id, user);
  return { status: 201, body: { user: view(user) } };
}

/** @throws CloudError 404 for a user who is not there, 403 for one who is not the caller's to manage. */
function managed(cloud: Cloud, call: Call, caller: Caller, action: string): User {
  const id = param(call, 'id');
  const user = cloud.identity.users.get(id);
  if (user === undefined) {
    if (!caller.isAdmin && caller.domainId === undefined) throw forbidden(action);
    throw new CloudError(404, `Could not find user: ${id}.`);
  }
  if (!mayManage(caller, user.domainId)) throw forbidden(action);
  return user;
}

function show(cloud: Cloud, call: Call, caller: Caller): Reply {
  const own = cloud.identity.users.get(caller.userId);
  const user = own?.id === param(call, 'id') ? own : managed(cloud, call, caller, 'identity:get_user');
  return { status: 200, body: { user: view(user) } };
}

function update(cloud: Cloud, call: Call, caller: Caller): Reply {
  const user = managed(cloud, call, caller, 'identity:update_user');
  const input = (call.body.user ?? {}) as UserInput;
  user.name = input.name ?? user.name;
  user.description = input.description ?? user.description;
  user.enabled = input.enabled ?? user.enabled;
  if (input.password !== undefined) {
    user.password = input.password;
    cloud.identity.revokeTokens(user.id);
  }
  return { status: 200, body: { user: view(user) } };
}

function remove(cloud: Cloud, call: Call, caller: Caller): Reply {
  cloud.identity.removeUser(managed(cloud, call, caller, 'identity:delete_user').id);
  return { status: 204 };
}

function view(user: User): Record<string, unknown> {
  return {
    id: user.id,
    name: user.name,
    domain_id: user.domainId,
    description: user.description,
    enabled: user.enabled,
    options: {},
    password_expires_at: null,
    ...(user.defaultProjectId === undefined ? {} : { default_project_id: user.defaultProjectId }),
    links: {},
  };
}
