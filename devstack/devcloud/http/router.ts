import type { Route } from './route.js';

interface CompiledRoute {
  route: Route;
  pattern: RegExp;
  names: string[];
}

export interface RouteMatch {
  route: Route;
  params: Record<string, string>;
}

/** Finds a service's route; the first in the list wins. */
export class Router {
  readonly #routes: CompiledRoute[];

  constructor(routes: Route[]) {
    this.#routes = routes.map((route) => ({
      route,
      pattern: patternOf(route.path),
      names: (route.path.match(/:\w+/g) ?? []).map((name) => name.slice(1)),
    }));
  }

  /** `wrong verb` when the path is known, but not with this method. */
  match(method: string, path: string): RouteMatch | 'wrong verb' | undefined {
    let known = false;
    for (const { route, pattern, names } of this.#routes) {
      const match = pattern.exec(path);
      if (match === null) continue;
      known = true;
      if (route.method !== method) continue;
      const params = names.map((name, index) => [name, decodeURIComponent(match[index + 1] ?? '')]);
      return { route, params: Object.fromEntries(params) };
    }
    return known ? 'wrong verb' : undefined;
  }
}

/** `:name` is one part of a path, `:name*` all the rest. */
function patternOf(path: string): RegExp {
  const source = path.replaceAll('.', '\\.').replace(/:\w+(\*?)/g, (_, rest) => (rest === '*' ? '(.+?)' : '([^/]+)'));
  return new RegExp(`^${source}/?$`);
}
