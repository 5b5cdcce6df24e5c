import type { Clock } from '../../../common/clock.js';
import { errorText } from '../../../common/errors.js';
import type { Ids } from '../../../common/ids.js';
import type { NodeIdentity, NodeRequest, NodeResponse, Send } from './https-send.js';
import type { Member } from './member.js';
import type { NodeUserData } from './user-data.js';

/** Told to leave: Bayou does not want this node, or not with this ticket. Its machine runs on and says nothing more. */
export class Refused extends Error {}

/** What a step needs of others is not there yet; its message is the end of its log. */
export class Waiting extends Error {}

/** An action that waits: it yields how many milliseconds, and goes on after them. */
export type Action<T = void> = AsyncGenerator<number, T, void>;

/** What a machine remembers. */
export interface PlayedNode {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly send: Send;
  /** Its node.json is another when it enrolled again. */
  userData: NodeUserData;
  metadata(): Promise<Record<string, string>>;
  readonly addresses: readonly string[];
  /** A line on the machine's console. */
  say(line: string): void;
  /** The lines on it. */
  said(): readonly string[];
  key: { csrPem: string; privateKeyPem: string } | undefined;
  certificate: string | undefined;
  /** By what it is known to the node listener; another object when the certificate changes. */
  identity: NodeIdentity;
  /** What it was certified for, by profile. */
  readonly profiles: Map<string, { csrPem: string; certificate?: string }>;
  readonly member: Member;
  readonly stepsDone: Set<string>;
}

const ATTEMPTS = 5;
const FIRST_DELAY_MS = 1000;
const AGAIN = new Set([404, 429, 500, 502, 503, 504]);

/** One request; undefined without an answer. */
export async function attempt(
  node: PlayedNode,
  method: NodeRequest['method'],
  path: string,
  body?: unknown,
): Promise<NodeResponse | undefined> {
  const { url } = node.userData.node.listener;
  const { identity } = node;
  try {
    return await node.send({ method, path, url, identity, ...(body === undefined ? {} : { body }) });
  } catch (error) {
    node.say(`${method} ${path}: ${errorText(error)}`);
    return undefined;
  }
}

/** From now on the node shows this certificate; none before it has enrolled. */
export function showCertificate(node: PlayedNode, certificate: string | undefined): void {
  const { ca } = node.userData.node.listener;
  const { key } = node;
  node.certificate = certificate;
  node.identity =
    key === undefined || certificate === undefined ? { ca } : { ca, key: key.privateKeyPem, cert: certificate };
}

/**
 * As `call` of the scripts: asks again while the answer may change; throws when it does not become a 2xx, a `Waiting` when
 * it may still do so later.
 */
export async function* call(
  node: PlayedNode,
  method: NodeRequest['method'],
  path: string,
  body?: unknown,
): Action<NodeResponse> {
  let delayMs = FIRST_DELAY_MS;
  let answer: NodeResponse | undefined;
  for (let count = 0; count < ATTEMPTS; count++) {
    answer = await attempt(node, method, path, body);
    if (answer !== undefined && answer.status < 300) return answer;
    if (answer?.status === 410) throw new Refused(`${method} ${path}: gone`);
    if (answer !== undefined && !AGAIN.has(answer.status)) throw new Error(told(method, path, answer));
    yield delayMs;
    delayMs *= 2;
  }
  throw new Waiting(told(method, path, answer));
}

function told(method: string, path: string, answer: NodeResponse | undefined): string {
  return `${method} ${path}: status ${answer?.status ?? 0} ${JSON.stringify(answer?.body ?? '')}`;
}

/** A text of an answer, such as a certificate. */
export function textOf(answer: NodeResponse, field: string): string | undefined {
  const value = (answer.body as Record<string, unknown> | undefined)?.[field];
  return typeof value === 'string' ? value : undefined;
}
