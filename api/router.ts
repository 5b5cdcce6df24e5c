import { ServiceError } from '../common/errors.js';
import type { Method } from './route.js';

interface Entry {
  method: Method;
  path: string;
}

export interface Match<R> {
  route: R;
  params: Record<string, string>;
}

interface Node<R> {
  fixed: Map<string, Node<R>>;
  variable: { name: string; node: Node<R> } | undefined;
  routes: Map<Method, R>;
}

const VERSION_SEGMENT = /^v\d+$/;

/**
 * Finds the route of a path. Trailing and doubled slashes do not count; a path that does not begin
 * with a version is under /v1, as the `bookmark` links are.
 */
export class Router<R extends Entry> {
  readonly #root: Node<R> = emptyNode();

  constructor(routes: readonly R[]) {
    for (const route of routes) {
      let node = this.#root;
      for (const segment of segmentsOf(route.path)) node = child(node, segment);
      node.routes.set(route.method, route);
    }
  }

  /**
   * @throws ServiceError `not_found`; `method_not_allowed` with the verbs that there are; `invalid` for a
   * verb that is right one level up or down (as upstream), another version, or a path that is not UTF-8.
   */
  find(method: string, path: string): Match<R> {
    const segments = versioned(segmentsOf(path).map(decode));
    const params: Record<string, string> = {};
    let node: Node<R> | undefined = this.#root;
    let parent: Node<R> | undefined;
    for (const segment of segments) {
      parent = node;
      const next: Node<R> | undefined = node.fixed.get(segment);
      if (next === undefined && node.variable !== undefined) params[node.variable.name] = segment;
      node = next ?? node.variable?.node;
      if (node === undefined) break;
    }
    if (node === undefined || node.routes.size === 0) {
      throw new ServiceError('not_found', 'The resource could not be found.', { code: 'path_not_found' });
    }
    const verb = (method === 'HEAD' && !node.routes.has('HEAD') ? 'GET' : method) as Method;
    const route = node.routes.get(verb);
    if (route !== undefined) return { route, params };
    if (node.variable?.node.routes.has(verb) === true) {
      throw new ServiceError('invalid', `${method} needs the name or uuid of one resource in its path.`);
    }
    if (verb === 'POST' && parent?.routes.has(verb) === true) {
      throw new ServiceError('invalid', 'POST takes the path of the collection, not of one resource.');
    }
    throw new MethodNotAllowed(method, [...node.routes.keys()]);
  }
}

/** 405 is a matter of HTTP alone, so it is no kind of ServiceError. */
export class MethodNotAllowed extends Error {
  readonly allowed: readonly string[];

  constructor(method: string, allowed: readonly string[]) {
    super(`Method ${method} is not allowed here.`);
    this.name = 'MethodNotAllowed';
    this.allowed = allowed;
  }
}

function emptyNode<R>(): Node<R> {
  return { fixed: new Map(), variable: undefined, routes: new Map() };
}

function child<R>(node: Node<R>, segment: string): Node<R> {
  const name = /^\{(\w+)\}$/.exec(segment)?.[1];
  if (name !== undefined) {
    node.variable ??= { name, node: emptyNode() };
    return node.variable.node;
  }
  const known = node.fixed.get(segment) ?? emptyNode<R>();
  node.fixed.set(segment, known);
  return known;
}

function segmentsOf(path: string): string[] {
  return path.split('/').filter((segment) => segment !== '');
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch (cause) {
    throw new ServiceError('invalid', 'The path is not valid.', { cause });
  }
}

function versioned(segments: string[]): string[] {
  const [first, ...below] = segments;
  // Upstream serves the two discovery documents under these names too.
  if (below.length === 0 && (first === '.json' || first === 'v1.json')) return first === '.json' ? [] : ['v1'];
  if (first === undefined || first === 'v1' || first === 'healthcheck') return segments;
  if (VERSION_SEGMENT.test(first)) throw new ServiceError('invalid', `There is no version ${first} of this API.`);
  return ['v1', ...segments];
}
