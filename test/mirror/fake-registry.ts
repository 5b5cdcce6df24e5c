import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sha256 } from './publisher.js';

const TOKEN = 'for-everybody';
const JSON_TYPES = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.docker.distribution.manifest.v2+json',
};

/** A registry with images of two platforms that gives them to whoever has a token, and a token to everybody. */
export interface FakeRegistry {
  /** host:port */
  host: string;
  /** Its one layer is `layer`. */
  add(repository: string, tag: string, layer: string): { digest: string };
  /** By digest: what it gives out in place of the right bytes. */
  spoilt: Map<string, string>;
  asked: string[];
  stop(): void;
}

export async function startFakeRegistry(): Promise<FakeRegistry> {
  const contents = new Map<string, { type: string; text: string }>();
  const spoilt = new Map<string, string>();
  const asked: string[] = [];
  let host = '';
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    asked.push(path);
    if (path.startsWith('/token?')) {
      response.writeHead(200).end(JSON.stringify({ token: TOKEN }));
    } else if (request.headers.authorization !== `Bearer ${TOKEN}`) {
      const challenge = `Bearer realm="http://${host}/token",service="registry",scope="repository:pause:pull"`;
      response.writeHead(401, { 'WWW-Authenticate': challenge }).end();
    } else {
      const found = contents.get(path);
      const text = spoilt.get(path.slice(path.lastIndexOf('/') + 1)) ?? found?.text ?? '';
      response.writeHead(found === undefined ? 404 : 200, { 'Content-Type': found?.type ?? 'text/plain' }).end(text);
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;

  const keep = (repository: string, kind: 'blobs' | 'manifests', type: string, text: string) => {
    const digest = `sha256:${sha256(text)}`;
    contents.set(`/v2/${repository}/${kind}/${digest}`, { type, text });
    return { mediaType: type, digest, size: Buffer.byteLength(text) };
  };
  return {
    host,
    asked,
    spoilt,
    add(repository, tag, layer) {
      const blob = (text: string) => keep(repository, 'blobs', 'application/octet-stream', text);
      const manifest = (architecture: string) => {
        const content = { schemaVersion: 2, config: blob(`{"architecture":"${architecture}"}`), layers: [blob(layer)] };
        const described = keep(repository, 'manifests', JSON_TYPES.manifest, JSON.stringify(content));
        return { ...described, platform: { os: 'linux', architecture } };
      };
      const manifests = [manifest('arm64'), manifest('amd64')];
      const text = JSON.stringify({ schemaVersion: 2, manifests });
      contents.set(`/v2/${repository}/manifests/${tag}`, { type: JSON_TYPES.index, text });
      return { digest: manifests[1]?.digest ?? '' };
    },
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}
