import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ServiceError } from '../../common/errors.js';
import type { Ids } from '../../common/ids.js';
import { copied, type Downloader, type Fetched, withoutLogin } from './download.js';
import { archived } from './image-archive.js';
import { RegistryImage, referenceOf } from './registry.js';
import type { Store } from './store.js';

/** One file of a mirror that is to be there. */
export interface Wanted {
  name: string;
  path: string;
  /** Undefined for an image that is pinned just now: its archive is made here. */
  sha256: string | undefined;
  /** Who says so. */
  sumBy: string;
  /** The publisher's URL. */
  from?: string | undefined;
  /** An image in its registry; with its manifest's digest where it is pinned. */
  image?: { digest: string | undefined } | undefined;
}

/** What is there now. */
export interface Kept {
  sha256: string;
  sizeBytes: number;
  /** Of an image that was read from a registry. */
  digest?: string;
}

export interface SyncDeps {
  http: Downloader;
  ids: Ids;
  store: Store;
  /** A folder or the URL of a mirror; asked before the publisher. */
  source: string | undefined;
  /** In place of the images' own registries, as `container_infra_prefix`. */
  registryPrefix: string | undefined;
  print(line: string): void;
  signal: AbortSignal | undefined;
}

interface Origin {
  name: string;
  /** Undefined: it has no such file. */
  fetch(file: string): Promise<(Fetched & { digest?: string }) | undefined>;
}

/**
 * Brings every file there, but for those that are there already; nothing whose sum is not the right one.
 * @returns what is there, by path
 * @throws ServiceError `not_found` for what is nowhere to be had, before anything is fetched where that is known; `invalid`
 * for a wrong sum; `unavailable`
 */
export async function sync(deps: SyncDeps, wanted: readonly Wanted[]): Promise<Map<string, Kept>> {
  const homeless = wanted.filter((item) => originsOf(deps, item).length === 0).map(({ name }) => name);
  if (homeless.length > 0) {
    throw new ServiceError(
      'not_found',
      `No publisher has ${homeless.join(', ')}: name a folder or a mirror that does with --source.`,
    );
  }
  const kept = new Map<string, Kept>();
  for (const item of wanted) {
    deps.signal?.throwIfAborted();
    const there = item.sha256 === undefined ? undefined : await deps.store.find(item.path);
    const isThere = there !== undefined && there.sha256 === item.sha256;
    const now: Kept = isThere ? there : await bring(deps, item);
    kept.set(item.path, now);
    deps.print(`${isThere ? 'there  ' : 'fetched'}  ${item.path}  ${sizeText(now.sizeBytes)}`);
  }
  return kept;
}

async function bring(deps: SyncDeps, item: Wanted): Promise<Kept> {
  const { store, ids } = deps;
  for (const origin of originsOf(deps, item)) {
    const fetched = await origin.fetch(join(store.workFolder, ids.uuid()));
    if (fetched === undefined) continue;
    const { sha256, sizeBytes, digest } = fetched;
    if (sha256 !== (item.sha256 ?? sha256)) {
      throw new ServiceError(
        'invalid',
        `${item.name}: ${origin.name} has the SHA-256 sum ${sha256}, but ${item.sumBy} says ${item.sha256}. It was not kept.`,
      );
    }
    await store.put(item.path, fetched);
    return { sha256, sizeBytes, ...(digest === undefined ? {} : { digest }) };
  }
  const asked = originsOf(deps, item).map(({ name }) => name);
  throw new ServiceError('not_found', `${item.name}: it is not at ${asked.join(' nor at ')}.`);
}

/** In the order in which they are asked. */
function originsOf(deps: SyncDeps, { name, path, sha256, from, image }: Wanted): Origin[] {
  const { http, source, registryPrefix } = deps;
  const origins: Origin[] = [];
  // What has no sum yet is taken only from where the digest says what it is.
  if (source !== undefined && sha256 !== undefined) origins.push(sourceOf(deps, source, path));
  if (from !== undefined) origins.push({ name: from, fetch: (file) => http.toFile(from, file) });
  if (image !== undefined) {
    const reference = referenceOf(name, registryPrefix);
    const fetch = (file: string) => archived(new RegistryImage(http, reference), { name, digest: image.digest, file });
    origins.push({ name: `${reference.url}/${reference.repository}`, fetch });
  }
  return origins;
}

function sourceOf({ http, signal }: SyncDeps, source: string, path: string): Origin {
  if (/^https?:\/\//.test(source)) {
    const url = `${source.replace(/\/+$/, '')}/${path}`;
    return { name: withoutLogin(url), fetch: (file) => http.toFile(url, file) };
  }
  const from = join(source, path);
  return { name: from, fetch: async (file) => (existsSync(from) ? copied(from, file, signal) : undefined) };
}

export function sizeText(bytes: number): string {
  return bytes < 1024 ** 2 ? `${Math.ceil(bytes / 1024)} KiB` : `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}
