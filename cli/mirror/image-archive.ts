import { createReadStream, createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { type Pack, pack } from 'tar-stream';
import { type Fetched, sumsOf } from './download.js';
import type { Descriptor, RegistryImage } from './registry.js';

/** Every entry has it, so that one image always gives the same archive, and the same sum. */
const MTIME = new Date(0);

export interface ImageArchive extends Fetched {
  /** Of the image's manifest. */
  digest: string;
}

/**
 * Copies an image into a tar of OCI's image layout, which `ctr images import` takes.
 * @param name as manifests of pods will name it, wherever it was read
 * @param digest what must be there; without it the tag says
 */
export async function archived(
  image: RegistryImage,
  { name, digest, file }: { name: string; digest?: string | undefined; file: string },
): Promise<ImageArchive> {
  const { descriptor, text, blobs } = await image.manifest(digest);
  const archive = pack();
  const writing = pipeline(archive, createWriteStream(file, { flags: 'wx' }));
  const filling = (async () => {
    await add(archive, 'oci-layout', '{"imageLayoutVersion":"1.0.0"}');
    await add(archive, 'index.json', indexOf(name, descriptor));
    await add(archive, blobName(descriptor.digest), text);
    // An image may have the same layer twice.
    for (const blob of new Map(blobs.map((each) => [each.digest, each])).values()) {
      await addBlob(archive, image, blob, `${file}.blob`);
    }
    archive.finalize();
  })().catch((error: Error) => archive.destroy(error));
  await Promise.all([writing, filling]);
  return { ...(await sumsOf(file)), digest: descriptor.digest };
}

/** The first annotation is containerd's, the second OCI's. */
function indexOf(name: string, { mediaType, digest, size }: Descriptor): string {
  const annotations = {
    'io.containerd.image.name': name,
    'org.opencontainers.image.ref.name': name.slice(name.lastIndexOf(':') + 1),
  };
  return JSON.stringify({ schemaVersion: 2, manifests: [{ mediaType, digest, size, annotations }] });
}

function blobName(digest: string): string {
  return `blobs/${digest.replace(':', '/')}`;
}

function add(archive: Pack, name: string, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    archive.entry({ name, mtime: MTIME }, text, (error) => (error ? reject(error) : resolve()));
  });
}

/** By way of a file: nothing of a layer that is not what its digest says gets into the archive. */
async function addBlob(archive: Pack, image: RegistryImage, blob: Descriptor, file: string): Promise<void> {
  await image.blob(blob, file);
  await pipeline(createReadStream(file), archive.entry({ name: blobName(blob.digest), size: blob.size, mtime: MTIME }));
  await rm(file);
}
