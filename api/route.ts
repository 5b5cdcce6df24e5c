import type { IncomingMessage } from 'node:http';
import type { z } from 'zod';
import type { Scope } from '../common/db/scope.js';
import { isServiceError } from '../common/errors.js';
import type { Answers } from './answers.js';
import type { Api } from './deps.js';
import { enforce, type Identity, type Owned, scopeOf } from './identity.js';
import { readJsonBody } from './json-body.js';
import type { Minor } from './microversion.js';
import type { PolicyRule } from './policy-rules.js';
import { parseBody, parseQuery } from './validation.js';

export type Method = 'GET' | 'HEAD' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';

/** What is known of a request when its route is found, its caller authenticated and its version agreed. */
export interface Caller {
  identity: Identity;
  /** Whose rows this route may see for this caller. */
  scope: Scope;
  minor: Minor;
  params: Readonly<Record<string, string>>;
  requestId: string;
  /** Ends when the request has taken too long. */
  signal: AbortSignal;
  /** `http://host:9511`, for links. */
  baseUrl: string;
}

export interface ApiRequest<Query, Body> extends Caller {
  query: Query;
  body: Body;
}

export interface ApiResponse {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}

interface RouteSpec<Query, Body, Target extends Owned> {
  method: Method;
  /** `/v1/clusters/{cluster}`: a segment in braces takes any text. */
  path: string;
  /** First microversion that has it. */
  since?: Minor;
  policy: PolicyRule;
  /** Whoever it allows sees all projects' rows here. */
  allProjects?: PolicyRule;
  /** Finds the object that the policy is about; without it the caller is the target. @throws `not_found` */
  load?: (api: Api, caller: Caller) => Promise<Target>;
  /** An object that everybody may see whatever the policy says, as upstream has it for published templates. */
  isForAll?: (target: Target) => boolean;
  query?: z.ZodType<Query>;
  body?: z.ZodType<Body>;
  /** What it answers, for the document of the API. */
  answers: Answers;
  handler(api: Api, request: ApiRequest<Query, Body>, target: Target): Promise<ApiResponse>;
}

/** A request as it came in, for a route to take apart. */
export interface RawRequest {
  message: IncomingMessage;
  search: string;
}

export interface Route {
  method: Method;
  path: string;
  isPublic: false;
  since: Minor;
  policy: PolicyRule;
  query: z.ZodType | undefined;
  body: z.ZodType | undefined;
  answers: Answers;
  run(api: Api, caller: Omit<Caller, 'scope'>, raw: RawRequest): Promise<ApiResponse>;
}

/** For anybody, without a token. */
export interface PublicRoute {
  method: Method;
  path: string;
  isPublic: true;
  answers: Answers;
  run(api: Api, request: { baseUrl: string }): Promise<ApiResponse>;
}

export type AnyRoute = Route | PublicRoute;

/** Authorise, then validate, then act: in this order for every route, because there is no other way to make one. */
export function route<Query = undefined, Body = undefined, Target extends Owned = Owned>(
  spec: RouteSpec<Query, Body, Target>,
): Route {
  return {
    method: spec.method,
    path: spec.path,
    isPublic: false,
    policy: spec.policy,
    since: spec.since ?? 1,
    query: spec.query,
    body: spec.body,
    answers: spec.answers,
    async run(api, known, raw) {
      const { policy } = api;
      const caller = { ...known, scope: scopeOf(policy, known.identity, spec.allProjects) };
      const read = async () => ({
        query: parseQuery(spec.query, raw.search),
        body: parseBody(spec.body, await readJsonBody(raw.message, api.config.api.maxBodyBytes)),
      });
      const target = await spec.load?.(api, caller).catch(async (error: unknown) => {
        // As upstream has it: what can't be understood is told even where what it is about is not there.
        if (isServiceError(error, 'not_found')) await read();
        throw error;
      });
      if (target === undefined || spec.isForAll?.(target) !== true)
        enforce(policy, known.identity, spec.policy, target);
      const { query, body } = await read();
      // Only a route with `load` has a handler that looks at its target.
      return spec.handler(api, { ...caller, query, body }, target as Target);
    },
  };
}
