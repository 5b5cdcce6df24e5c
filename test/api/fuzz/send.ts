import { Agent, request } from 'node:http';
import type { FuzzRequest } from './requests.js';

export interface RawAnswer {
  status: number;
  type: string;
  text: string;
}

/** Far beyond what any answer needs, on a machine that is busy. */
const HANGS_AFTER_MS = 25_000;

const agent = new Agent({ keepAlive: true, maxSockets: 4 });

/** The request as it is: no client's library mends its path. @throws when there is no answer */
export function send(url: string, token: string, { method, target, headers, body }: FuzzRequest): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        agent,
        hostname,
        port,
        method,
        path: target,
        headers: { ...headers, 'X-Auth-Token': token },
        timeout: HANGS_AFTER_MS,
      },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('error', reject);
        answer.on('end', () =>
          resolve({
            status: answer.statusCode ?? 0,
            type: answer.headers['content-type'] ?? '',
            text: Buffer.concat(chunks).toString('utf8'),
          }),
        );
      },
    );
    outgoing.on('timeout', () => outgoing.destroy(new Error(`No answer in ${HANGS_AFTER_MS} ms`)));
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

export function closeConnections(): void {
  agent.destroy();
}
