import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { extract } from 'tar-stream';
import type { Kubectl } from '../../nodes/kubectl.js';

const REGISTRY = '127.0.0.1:5000';
const TYPES = {
  manifest: 'application/vnd.docker.distribution.manifest.v2+json',
  config: 'application/vnd.docker.container.image.v1+json',
  layer: 'application/vnd.docker.image.rootfs.diff.tar',
};

/** Speaks to the registry on a node through a pod of busybox that is in the node's network (Docker Registry HTTP API V2). */
export class ClusterRegistry {
  readonly #kubectl: Kubectl;
  readonly #pod: string;

  constructor(kubectl: Kubectl, pod: string) {
    this.#kubectl = kubectl;
    this.#pod = pod;
  }

  /** @param archive an image of one layer, as `docker save` writes it */
  async push(archive: string, name: string, tag: string): Promise<void> {
    const files = await filesOf(archive);
    const [{ Config: configFile, Layers: layers }] = JSON.parse(String(files.get('manifest.json')));
    const config = await this.#upload(name, files.get(configFile), TYPES.config);
    const layer = await this.#upload(name, files.get(layers[0]), TYPES.layer);
    const manifest = JSON.stringify({ schemaVersion: 2, mediaType: TYPES.manifest, config, layers: [layer] });
    await this.#call('PUT', `/v2/${name}/manifests/${tag}`, 201, Buffer.from(manifest), TYPES.manifest);
  }

  async #upload(name: string, content: Buffer | undefined, mediaType: string) {
    if (content === undefined) throw new Error('The archive lacks a file that its manifest names');
    const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
    const begun = await this.#call('POST', `/v2/${name}/blobs/uploads/`, 202);
    const place = /^location: (?:http:\/\/[^/]+)?(\S+)/im.exec(begun)?.[1] ?? '';
    await this.#call('PUT', `${place}${place.includes('?') ? '&' : '?'}digest=${digest}`, 201, content);
    return { mediaType, size: content.length, digest };
  }

  async #call(
    method: string,
    path: string,
    status: number,
    body: Buffer = Buffer.alloc(0),
    type = 'application/octet-stream',
  ) {
    const lines = [`${method} ${path} HTTP/1.1`, `Host: ${REGISTRY}`, `Content-Type: ${type}`];
    const head = `${[...lines, `Content-Length: ${body.length}`, 'Connection: close'].join('\r\n')}\r\n\r\n`;
    const command = ['exec', '--stdin', this.#pod, '--', '/bin/busybox', 'nc', ...REGISTRY.split(':')];
    const answer = await this.#kubectl.runWith(Buffer.concat([Buffer.from(head), body]), ...command);
    if (!answer.startsWith(`HTTP/1.1 ${status} `)) throw new Error(`${method} ${path}: ${answer.slice(0, 500)}`);
    return answer;
  }
}

async function filesOf(archive: string): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  const entries = extract();
  entries.end(readFileSync(archive));
  for await (const entry of entries) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry as AsyncIterable<Buffer>) chunks.push(chunk);
    files.set(entry.header.name.replace(/^\.\//, ''), Buffer.concat(chunks));
  }
  return files;
}
