import Router, { type RouterContext } from '@koa/router';
import type { Context } from 'koa';
import { errorText, ServiceError } from '../../common/errors.js';
import { readJson } from './body.js';
import type { Answer, ListenerContext } from './context.js';
import { errorAnswer, nodeGone } from './errors.js';
import type { Peers } from './peer.js';
import { tellingRefusals } from './refusals.js';
import { type Route, routes } from './routes.js';

/** Names of secrets and authorities; others are no names at all. */
const NAME = /^[a-z0-9][a-z0-9_.-]{0,63}$/;

/** The table of routes as middleware; whatever goes wrong on the way becomes an answer too. */
export function routing(context: ListenerContext, peers: Peers): (ctx: Context) => Promise<void> {
  const router = new Router({ sensitive: true, strict: true });
  for (const route of routes) {
    router.register(route.path, [route.method], (ctx: RouterContext) => answerRequest(context, peers, ctx, route));
  }
  const dispatch = router.routes();
  return (ctx) => dispatch(ctx as Parameters<typeof dispatch>[0], () => answerRequest(context, peers, ctx, undefined));
}

async function answerRequest(
  context: ListenerContext,
  peers: Peers,
  ctx: Context,
  route: Route | undefined,
): Promise<void> {
  const answer = await attempt(context, peers, ctx, route);
  const status = answer.status ?? 200;
  ctx.status = status;
  ctx.body = answer.body;
  if (answer.headers !== undefined) ctx.set(answer.headers);
  context.deps.metrics?.nodeRequests.inc({ route: route?.path ?? 'unknown', status: String(status) });
}

async function attempt(
  context: ListenerContext,
  peers: Peers,
  ctx: Context,
  route: Route | undefined,
): Promise<Answer> {
  try {
    if (route === undefined) throw nothingHere();
    return await handle(context, peers, ctx, route);
  } catch (error) {
    const answer = errorAnswer(error);
    const { log } = context.deps;
    const line = { route: route?.path, status: answer.status, error: errorText(error) };
    if (answer.status >= 500) log.error({ ...line, cause: causeText(error) }, 'Node request failed');
    else log.debug(line, 'Node request was refused');
    return answer;
  }
}

async function handle(context: ListenerContext, peers: Peers, ctx: Context, route: Route): Promise<Answer> {
  const { clock } = context.deps;
  const maxBodyBytes = Math.max(route.bodyBytes ?? 0, context.config.maxBodyBytes);
  if (route.open === true) return await route.handle(context, await readJson(ctx.req, maxBodyBytes));
  const name: string = ctx.params?.name ?? '';
  if (name !== '' && !NAME.test(name)) throw nothingHere();
  const peer = peers.find(ctx.req.socket, clock.now());
  if (peer === undefined) throw unknownPeer();
  if (!context.limits.requests.take(peer.nodeId, clock.now())) {
    throw new ServiceError('too_many', 'Too many requests', { retryAfterSeconds: 5 });
  }
  const body = await readJson(ctx.req, maxBodyBytes);
  const node = await context.views.find(peer.nodeId);
  if (node === undefined || node.clusterId !== peer.clusterId) throw nodeGone();
  // Another machine has taken its place since.
  if (node.enrolledKey !== peer.keyHash) throw unknownPeer();
  context.lastSeen.add(node.uuid);
  const call = { node, certificateNotAfter: peer.notAfter, name, body };
  return await tellingRefusals(context, node, () => route.handle(context, call));
}

function causeText(error: unknown): string | undefined {
  return error instanceof Error && error.cause !== undefined ? errorText(error.cause) : undefined;
}

function unknownPeer(): ServiceError {
  return new ServiceError('unauthenticated', 'A valid client certificate of the node authority is needed');
}

function nothingHere(): ServiceError {
  return new ServiceError('not_found', 'There is nothing here');
}
