import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, posix } from 'node:path';
import { pipeline } from 'node:stream/promises';

const REQUEST_LIMIT_MS = 300_000;

export interface Mirror {
  /** `http://host:port`, without a slash at its end. */
  url: string;
  /** Paths that were asked for, with the answer's status. */
  requests: { path: string; status: number }[];
  stop(): Promise<void>;
}

/** Serves the files of a folder, for software that nodes fetch. No listings, no ranges. */
export async function startMirror({ host, folder }: { host: string; folder: string }): Promise<Mirror> {
  const requests: Mirror['requests'] = [];
  const server = createServer((request, response) => {
    serve(folder, request, response).then(
      (status) => requests.push({ path: pathOf(request), status }),
      () => response.destroy(),
    );
  });
  server.requestTimeout = REQUEST_LIMIT_MS;
  server.listen(0, host);
  await once(server, 'listening');
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}`,
    requests,
    async stop() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Without any `..`: a path can't lead out of the folder. */
function pathOf({ url = '/' }: IncomingMessage): string {
  return posix.normalize(decodeURIComponent(new URL(url, 'http://mirror').pathname));
}

async function serve(folder: string, request: IncomingMessage, response: ServerResponse): Promise<number> {
  const file = join(folder, pathOf(request));
  const found = await stat(file).catch(() => undefined);
  const status = found?.isFile() === true ? 200 : 404;
  response.writeHead(status, { 'Content-Length': status === 200 ? found?.size : 0 });
  if (status === 200 && request.method === 'GET') await pipeline(createReadStream(file), response);
  else response.end();
  return status;
}
