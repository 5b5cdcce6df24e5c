import { X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest, type RequestOptions } from 'node:https';
import type { Duplex } from 'node:stream';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import type { Clock } from '../../../common/clock.js';
import { verifiedCertificate } from '../../../common/x509.js';

export interface NodeRequest {
  method: 'GET' | 'POST' | 'PUT';
  path: string;
  /** The node listener's, from node.json. */
  url: string;
  body?: unknown;
  /** The same object for all requests that may share a connection. */
  identity: NodeIdentity;
}

/** Whom the node trusts, and its own certificate once it has one. */
export interface NodeIdentity {
  readonly ca: string;
  readonly key?: string;
  readonly cert?: string;
}

export interface NodeResponse {
  status: number;
  body: unknown;
}

/** Rejects when there is no answer. A test puts itself in between to lose a message before or after it took effect. */
export type Send = (request: NodeRequest) => Promise<NodeResponse>;

const TIMEOUT_MS = 30_000;
const MAX_BODY_BYTES = 1_048_576;
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';

/** Mutual TLS over kept connections. The listener's certificate is judged by `clock`, as the listener judges ours. */
export function createHttpsSend(clock: Clock): Send {
  const agents = new WeakMap<NodeIdentity, Agent>();
  return async (request) => {
    const agent = agents.get(request.identity) ?? new NodeAgent(clock, request.identity);
    agents.set(request.identity, agent);
    try {
      return await exchange(agent, request);
    } catch (error) {
      // The listener closed a kept connection while it was idle: Node's documentation of `request.reusedSocket`.
      if (!(error instanceof StaleConnection)) throw error;
      return await exchange(agent, request);
    }
  };
}

class StaleConnection extends Error {}

type Connected = (error: Error | null, stream: Duplex) => void;

/** Hands out a connection only after the node listener has shown a good certificate. */
class NodeAgent extends Agent {
  readonly #clock: Clock;
  readonly #authority: X509Certificate;
  readonly #identity: NodeIdentity;

  constructor(clock: Clock, identity: NodeIdentity) {
    super({ keepAlive: true, maxSockets: 2 });
    this.#clock = clock;
    this.#authority = new X509Certificate(identity.ca);
    this.#identity = identity;
  }

  override createConnection(options: RequestOptions, connected?: Connected): undefined {
    const given = options as ConnectionOptions;
    const socket = connect({ ...given, ...this.#identity, rejectUnauthorized: false });
    const fail = (error: Error) => connected?.(error, socket);
    socket.once('error', fail);
    socket.once('secureConnect', () => {
      socket.off('error', fail);
      if (this.#trusts(socket, given.host ?? '')) {
        connected?.(null, socket);
        return;
      }
      socket.destroy();
      fail(new Error("the node listener's certificate is not good"));
    });
    return undefined;
  }

  #trusts(socket: TLSSocket, host: string): boolean {
    const certificate = socket.getPeerX509Certificate();
    if (certificate === undefined) return false;
    const isNamed = (certificate.checkHost(host) ?? certificate.checkIP(host)) !== undefined;
    const isServer = certificate.keyUsage?.includes(SERVER_AUTH) === true;
    return isNamed && isServer && verifiedCertificate(certificate, this.#authority, this.#clock.now()) !== undefined;
  }
}

function exchange(agent: Agent, { body, method, path, url }: NodeRequest): Promise<NodeResponse> {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers = text === undefined ? {} : { 'content-type': 'application/json' };
    const outgoing = httpsRequest(`${url}${path}`, { method, agent, headers, timeout: TIMEOUT_MS });
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer in time')));
    outgoing.on('error', (error) => reject(outgoing.reusedSocket ? new StaleConnection(error.message) : error));
    outgoing.on('response', (answer) => readAnswer(answer).then(resolve, reject));
    outgoing.end(text);
  });
}

async function readAnswer(answer: IncomingMessage): Promise<NodeResponse> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new Error('the answer is too large');
    chunks.push(chunk);
  }
  return { status: answer.statusCode ?? 0, body: JSON.parse(Buffer.concat(chunks).toString('utf8')) };
}
