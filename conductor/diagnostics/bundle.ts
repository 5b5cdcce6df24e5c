import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { pack } from 'tar-stream';

const MAX_BUNDLE_BYTES = 4 * 1024 * 1024;

export interface BundleFile {
  name: string;
  text: string;
}

export interface Bundle {
  bytes: Buffer;
  sha256: string;
  /** Names of files that had no room. */
  leftOut: string[];
}

/** A gzipped tar of the files under one folder; the last ones are left out where all together are too large. */
export async function makeBundle(folder: string, files: readonly BundleFile[], madeAt: number): Promise<Bundle> {
  for (let count = files.length; ; count--) {
    const bytes = await promisify(gzip)(await tarOf(folder, files.slice(0, count), madeAt));
    if (bytes.length <= MAX_BUNDLE_BYTES || count === 1) {
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      return { bytes, sha256, leftOut: files.slice(count).map(({ name }) => name) };
    }
  }
}

async function tarOf(folder: string, files: readonly BundleFile[], madeAt: number): Promise<Buffer> {
  const tar = pack();
  for (const { name, text } of files) tar.entry({ name: `${folder}/${name}`, mtime: new Date(madeAt) }, text);
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
