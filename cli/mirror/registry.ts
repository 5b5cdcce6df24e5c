import { createHash } from 'node:crypto';
import { z } from 'zod';
import { ServiceError } from '../../common/errors.js';
import type { Downloader, Fetched, TextAnswer } from './download.js';

/**
 * Reads images from a registry without an account (OCI distribution specification 1.1; tokens as in "Docker Registry v2
 * authentication"). Whatever is read by its digest is checked against it.
 */

const TYPES = {
  index: ['application/vnd.oci.image.index.v1+json', 'application/vnd.docker.distribution.manifest.list.v2+json'],
  manifest: ['application/vnd.oci.image.manifest.v1+json', 'application/vnd.docker.distribution.manifest.v2+json'],
};
const PLATFORM = { os: 'linux', architecture: 'amd64' };
const DOCKER_HUB = 'registry-1.docker.io';
/** Docker's own rule for which registries may be without TLS. */
const LOCAL = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/;

const digestSchema = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const descriptorSchema = z.object({
  mediaType: z.string(),
  digest: digestSchema,
  size: z.number().int().min(0),
  platform: z.object({ os: z.string(), architecture: z.string() }).optional(),
});
const indexSchema = z.object({ manifests: z.array(descriptorSchema) });
const manifestSchema = z.object({ config: descriptorSchema, layers: z.array(descriptorSchema) });

export type Descriptor = z.output<typeof descriptorSchema>;

export interface Manifest {
  descriptor: Descriptor;
  text: string;
  /** Config and layers, in the order of the manifest. */
  blobs: Descriptor[];
}

export interface ImageReference {
  /** Of the registry, without a slash at its end. */
  url: string;
  repository: string;
  tag: string;
}

/**
 * Where an image is read.
 * @param name registry/name:tag, as in bills
 * @param prefix as the label `container_infra_prefix`: takes the place of all before the last part of the name; with
 * `http://` in front for a registry without TLS
 */
export function referenceOf(name: string, prefix?: string): ImageReference {
  const full = prefix === undefined ? name : `${prefix.replace(/\/$/, '')}/${name.slice(name.lastIndexOf('/') + 1)}`;
  const match = /^(https?:\/\/)?([^/]+)\/(.+):([^:/]+)$/.exec(full);
  const [, scheme, host = '', repository = '', tag = ''] = match ?? [];
  if (match === null) throw new ServiceError('invalid', `"${full}" is no image: expected registry/name:tag`);
  if (host === 'docker.io') {
    return {
      url: `https://${DOCKER_HUB}`,
      repository: repository.includes('/') ? repository : `library/${repository}`,
      tag,
    };
  }
  return { url: `${scheme ?? (LOCAL.test(host) ? 'http://' : 'https://')}${host}`, repository, tag };
}

/** One image in its registry. */
export class RegistryImage {
  readonly #http: Downloader;
  readonly #url: string;
  readonly #tag: string;
  #authorization: Record<string, string> = {};

  constructor(http: Downloader, { url, repository, tag }: ImageReference) {
    this.#http = http;
    this.#url = `${url}/v2/${repository}`;
    this.#tag = tag;
  }

  /**
   * The manifest for Linux on amd64: that of the digest, else the tag's.
   * @throws ServiceError `unavailable` or `invalid`, which name the URL
   */
  async manifest(digest?: string): Promise<Manifest> {
    const found = await this.#read(digest ?? this.#tag, [...TYPES.index, ...TYPES.manifest], digest);
    if (!TYPES.index.includes(found.descriptor.mediaType)) return this.#parsed(found);
    const { manifests } = parsed(indexSchema, found.text, this.#url);
    const ours = manifests.find(
      ({ platform }) => platform?.os === PLATFORM.os && platform.architecture === PLATFORM.architecture,
    );
    if (ours === undefined)
      throw new ServiceError('not_found', `${this.#url}:${this.#tag} is not there for linux/amd64.`);
    return this.#parsed(await this.#read(ours.digest, TYPES.manifest, ours.digest));
  }

  async blob({ digest, size }: Descriptor, file: string): Promise<Fetched> {
    const url = `${this.#url}/blobs/${digest}`;
    const fetched = await this.#http.toFile(url, file, this.#authorization);
    if (fetched === undefined) throw new ServiceError('not_found', `${url}: HTTP 404`);
    if (`sha256:${fetched.sha256}` !== digest || fetched.sizeBytes !== size) {
      throw new ServiceError('invalid', `${url}: what has arrived is not what its digest says.`);
    }
    return fetched;
  }

  #parsed({ descriptor, text }: Omit<Manifest, 'blobs'>): Manifest {
    const { config, layers } = parsed(manifestSchema, text, this.#url);
    return { descriptor, text, blobs: [config, ...layers] };
  }

  async #read(reference: string, types: string[], digest: string | undefined): Promise<Omit<Manifest, 'blobs'>> {
    const url = `${this.#url}/manifests/${reference}`;
    const accept = { Accept: types.join(', ') };
    let answer = await this.#http.text(url, { ...accept, ...this.#authorization });
    if (answer.status === 401) {
      this.#authorization = await this.#anonymous(url, answer);
      answer = await this.#http.text(url, { ...accept, ...this.#authorization });
    }
    if (answer.status !== 200) throw new ServiceError('unavailable', `${url}: HTTP ${answer.status}`);
    const { text } = answer;
    const actual = `sha256:${createHash('sha256').update(text).digest('hex')}`;
    if (actual !== (digest ?? actual)) {
      throw new ServiceError('invalid', `${url}: what has arrived is not what its digest says.`);
    }
    const mediaType = answer.headers['content-type']?.split(';')[0] ?? '';
    if (!types.includes(mediaType))
      throw new ServiceError('invalid', `${url}: ${mediaType} is no manifest of an image.`);
    return { descriptor: { mediaType, digest: actual, size: Buffer.byteLength(text) }, text };
  }

  /** A token for everybody, by the challenge of the registry. */
  async #anonymous(url: string, { headers }: TextAnswer): Promise<Record<string, string>> {
    const challenge = headers['www-authenticate'] ?? '';
    const part = (name: string) => new RegExp(`[ ,]${name}="([^"]*)"`, 'i').exec(challenge)?.[1];
    const realm = part('realm');
    if (
      !/^bearer /i.test(challenge) ||
      realm === undefined ||
      (url.startsWith('https:') && !realm.startsWith('https:'))
    ) {
      throw new ServiceError('unavailable', `${url}: HTTP 401, and no way to a token without an account.`);
    }
    const query = new URLSearchParams();
    for (const name of ['service', 'scope']) {
      const value = part(name);
      if (value !== undefined) query.set(name, value);
    }
    const answer = await this.#http.text(`${realm}?${query}`);
    const { token, access_token } = parsed(
      z.object({ token: z.string().optional(), access_token: z.string().optional() }),
      answer.text,
      realm,
    );
    const bearer = token ?? access_token;
    if (bearer === undefined) throw new ServiceError('unavailable', `${realm}: HTTP ${answer.status}, and no token.`);
    return { Authorization: `Bearer ${bearer}` };
  }
}

function parsed<T extends z.ZodType>(schema: T, text: string, url: string): z.output<T> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new ServiceError('invalid', `${url}: an answer that a registry doesn't give.`);
}
