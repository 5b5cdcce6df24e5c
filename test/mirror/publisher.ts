import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** `cut`: half of it, then the end of the connection; `stall`: half of it, then nothing. */
type Content = string | { cut: string } | { stall: string } | { redirect: string };

/** A small HTTP server with what a publisher, or a mirror, has. */
export interface Publisher {
  url: string;
  /** By path, with a slash in front. */
  files: Map<string, Content>;
  /** Paths that were asked for, in order. */
  asked: string[];
  stop(): void;
}

export async function startPublisher(): Promise<Publisher> {
  const files: Publisher['files'] = new Map();
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    asked.push(path);
    answer(response, files.get(path));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    files,
    asked,
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function answer(response: ServerResponse, content: Content | undefined): void {
  if (content === undefined) {
    response.writeHead(404).end();
  } else if (typeof content === 'string') {
    response.writeHead(200, { 'Content-Length': Buffer.byteLength(content) }).end(content);
  } else if ('redirect' in content) {
    response.writeHead(302, { Location: content.redirect }).end();
  } else {
    const whole = 'cut' in content ? content.cut : content.stall;
    response.writeHead(200, { 'Content-Length': Buffer.byteLength(whole) });
    response.write(whole.slice(0, whole.length / 2), () => {
      if ('cut' in content) response.destroy();
    });
  }
}

export function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
