import { gunzipSync } from 'node:zlib';
import { extract } from 'tar-stream';

/** Files of a gzipped tar by their names, without the folder that all of them are in. */
export async function readBundle(bytes: Buffer): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  const tar = extract();
  tar.end(gunzipSync(bytes));
  for await (const entry of tar) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(chunk as Buffer);
    files[entry.header.name.replace(/^[^/]+\//, '')] = Buffer.concat(chunks).toString('utf8');
  }
  return files;
}
