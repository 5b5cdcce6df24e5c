import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import { errorText } from './errors.js';
import type { Log } from './log.js';

export interface MetricsServerDeps {
  registry: Registry;
  log: Log;
  host: string;
  /** 0 takes a free one. */
  port: number;
}

const REQUEST_TIMEOUT_MS = 10_000;

/** `GET /metrics` in Prometheus' text format, on a port of its own and without authentication. */
export class MetricsServer {
  readonly #deps: MetricsServerDeps;
  readonly #server: Server;

  constructor(deps: MetricsServerDeps) {
    this.#deps = deps;
    this.#server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
      const path = request.url?.split('?')[0];
      if (path !== '/metrics' || (request.method !== 'GET' && request.method !== 'HEAD')) {
        response.writeHead(path === '/metrics' ? 405 : 404).end();
        return;
      }
      deps.registry.metrics().then(
        (text) => response.writeHead(200, { 'Content-Type': deps.registry.contentType }).end(text),
        (error: unknown) => {
          deps.log.error({ error: errorText(error) }, 'The metrics could not be collected');
          response.writeHead(500).end();
        },
      );
    });
  }

  /** @returns the port. Rejects when it is taken. */
  start(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#deps.port, this.#deps.host, () => {
        this.#server.off('error', reject);
        resolve((this.#server.address() as AddressInfo).port);
      });
    });
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }
}
