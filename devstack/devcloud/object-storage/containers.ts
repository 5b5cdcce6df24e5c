import { createHash } from 'node:crypto';
import type { Cloud } from '../cloud.js';
import { CloudError, UNAUTHORIZED } from '../cloud-error.js';
import { type Call, param, type Reply, type Route } from '../http/route.js';
import type { Caller } from '../identity/callers.js';

export interface Container {
  /** `account/name`. */
  id: string;
  name: string;
  /** Users, as `*:<id>`; `.r:*` is everybody. */
  read: string[];
  write: string[];
  objects: Map<string, StoredObject>;
}

export interface StoredObject {
  content: Buffer;
  /** `x-object-meta-…`, as it was given. */
  meta: Record<string, string>;
}

/** Swift's defaults, seen on a real one. */
const OPERATOR_ROLES = ['admin', 'member'];
/** Whoever has it owns every account. */
const RESELLER_ADMIN = 'ResellerAdmin';
const MAX_PAGE = 10_000;
const EVERYBODY = '.r:*';
const META = 'x-object-meta-';

/** What Bayou and a registry do with containers and their objects. */
export function containerRoutes(cloud: Cloud): Route[] {
  const container = '/v1/:account/:container';
  const object = `${container}/:object*`;
  const either = (ofContainer: Handler, ofObject: Handler) => (call: Call, caller: Caller | undefined) => {
    const params = { ...call.params, ...place(call) };
    return (params.object === '' ? ofContainer : ofObject)(cloud, { ...call, params }, caller);
  };
  const routes = (path: string): Route[] => [
    { method: 'PUT', path, visit: either(put, putObject) },
    { method: 'GET', path, visit: either(list, getObject) },
    { method: 'HEAD', path, visit: either(head, getObject) },
    { method: 'DELETE', path, visit: either(remove, removeObject) },
  ];
  return [...routes(container), ...routes(object)];
}

/** Whoever has no token comes as nobody. */
type Handler = (cloud: Cloud, call: Call, caller: Caller | undefined) => Reply;

/** As in Swift the first slash, encoded or not, ends the container's name: `c%2F..` is the object `..` in `c`. */
function place(call: Call): { container: string; object: string } {
  const whole = [param(call, 'container'), param(call, 'object')].filter((part) => part !== '').join('/');
  const end = `${whole}/`.indexOf('/');
  return { container: whole.slice(0, end), object: whole.slice(end + 1) };
}

/** Swift looks at roles by their names alone, whichever a role implies; on the caller's own account only, but for one role. */
function owns(caller: Caller | undefined, call: Call): boolean {
  if (caller === undefined) return false;
  if (caller.roles.has(RESELLER_ADMIN)) return true;
  const isOperator = OPERATOR_ROLES.some((role) => caller.roles.has(role));
  return isOperator && caller.projectId !== undefined && param(call, 'account') === `AUTH_${caller.projectId}`;
}

function refused(caller: Caller | undefined): CloudError {
  if (caller === undefined) return new CloudError(401, UNAUTHORIZED);
  return new CloudError(403, 'Access was denied to this resource.');
}

function missing(): CloudError {
  return new CloudError(404, 'The resource could not be found.');
}

/** @throws CloudError 403 before 404: who may not look learns nothing. */
function allowed(cloud: Cloud, call: Call, caller: Caller | undefined, right: 'read' | 'write' | 'own'): Container {
  const found = cloud.containers.get(`${param(call, 'account')}/${param(call, 'container')}`);
  const listed = right !== 'own' && caller !== undefined && found?.[right].includes(`*:${caller.userId}`) === true;
  // Only the objects themselves: what there is takes `.rlistings` to see.
  const isPublic = right === 'read' && param(call, 'object') !== '' && found?.read.includes(EVERYBODY) === true;
  if (!listed && !isPublic && !owns(caller, call)) throw refused(caller);
  if (found === undefined) throw missing();
  return found;
}

function put(cloud: Cloud, call: Call, caller: Caller | undefined): Reply {
  if (!owns(caller, call)) throw refused(caller);
  const name = param(call, 'container');
  const id = `${param(call, 'account')}/${name}`;
  const known = cloud.containers.get(id);
  const container = known ?? { id, name, read: [], write: [], objects: new Map() };
  for (const right of ['read', 'write'] as const) {
    const given = call.headers[`x-container-${right}`];
    if (given !== undefined) container[right] = given.split(',').filter((entry) => entry !== '');
  }
  cloud.containers.set(id, container);
  return { status: known === undefined ? 201 : 202 };
}

function head(cloud: Cloud, call: Call, caller: Caller | undefined): Reply {
  const { objects, read } = allowed(cloud, call, caller, 'read');
  const headers = { 'X-Container-Object-Count': String(objects.size) };
  // Swift shows the list to owners only.
  return { status: 204, headers: owns(caller, call) ? { ...headers, 'X-Container-Read': read.join(',') } : headers };
}

function list(cloud: Cloud, call: Call, caller: Caller | undefined): Reply {
  const { objects } = allowed(cloud, call, caller, 'read');
  const limit = Math.min(Number(call.query.get('limit') ?? MAX_PAGE), MAX_PAGE);
  const marker = call.query.get('marker') ?? '';
  const names = [...objects.keys()].filter((name) => name > marker).sort();
  return { status: 200, body: names.slice(0, limit).map((name) => ({ name })) };
}

function remove(cloud: Cloud, call: Call, caller: Caller | undefined): Reply {
  const { id, objects } = allowed(cloud, call, caller, 'own');
  if (objects.size > 0) throw new CloudError(409, 'There was a conflict when trying to complete your request.');
  cloud.containers.delete(id);
  return { status: 204 };
}

/** @throws CloudError 422 when the content has not the sum that came with it. */
function putObject(cloud: Cloud, call: Call, caller: Caller | undefined): Reply {
  const { objects } = allowed(cloud, call, caller, 'write');
  const etag = md5(call.content);
  if ((call.headers.etag ?? etag) !== etag) throw new CloudError(422, 'Unable to process the contained instructions');
  const meta = Object.entries(call.headers).flatMap(([name, value]) =>
    name.startsWith(META) && value !== undefined ? [[name, value]] : [],
  );
  objects.set(param(call, 'object'), { content: call.content, meta: Object.fromEntries(meta) });
  return { status: 201, headers: { Etag: etag } };
}

function getObject(cloud: Cloud, call: Call, caller: Caller | undefined): Reply {
  const found = allowed(cloud, call, caller, 'read').objects.get(param(call, 'object'));
  if (found === undefined) throw missing();
  return { status: 200, body: found.content, headers: { Etag: md5(found.content), ...found.meta } };
}

function md5(content: Buffer): string {
  return createHash('md5').update(content).digest('hex');
}

function removeObject(cloud: Cloud, call: Call, caller: Caller | undefined): Reply {
  if (!allowed(cloud, call, caller, 'write').objects.delete(param(call, 'object'))) throw missing();
  return { status: 204 };
}
