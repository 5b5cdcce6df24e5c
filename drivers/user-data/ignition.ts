import { gzipSync } from 'node:zlib';
import { NODE_JSON_PLACEHOLDER, TICKET_PLACEHOLDER, VOLUME_PLACEHOLDER } from '../node-stack.js';
import { type NodeFile, ofBearableSize } from './files.js';

/**
 * User data for Ignition (Flatcar, Fedora CoreOS), specification 3.4.0: JSON, the same for all nodes of a
 * cluster but for the three placeholders. Heat fills them as text inside of `data:` URLs (RFC 2397): base64,
 * a ticket (base64url and points) and an id need no escape there.
 */
export function renderIgnition({ files }: { files: readonly NodeFile[] }): string {
  const units = files.filter(({ path }) => path.startsWith(UNIT_FOLDER));
  const others = files.filter((file) => !units.includes(file));
  return ofBearableSize(
    JSON.stringify({
      ignition: { version: '3.4.0' },
      storage: { files: [...NODE_FILES, ...others.map(storageFile)] },
      systemd: {
        units: units.map(({ path, content }) => ({
          name: path.slice(UNIT_FOLDER.length),
          enabled: true,
          contents: content,
        })),
      },
    }),
  );
}

const UNIT_FOLDER = '/etc/systemd/system/';
const OWNER_ONLY = 0o600;

const NODE_FILES = [
  { path: '/etc/bayou/node.json', source: `data:;base64,${NODE_JSON_PLACEHOLDER}` },
  { path: '/etc/bayou/ticket', source: `data:,${TICKET_PLACEHOLDER}` },
  { path: '/etc/bayou/node-volume', source: `data:,${VOLUME_PLACEHOLDER}` },
].map(({ path, source }) => ({ path, mode: OWNER_ONLY, overwrite: true, contents: { source } }));

function storageFile({ path, mode, content }: NodeFile) {
  const bytes = gzipSync(content, { level: 9 });
  // RFC 1952: the operating system would tell machines apart.
  bytes[9] = 255;
  const source = `data:;base64,${bytes.toString('base64')}`;
  return { path, mode: Number.parseInt(mode, 8), overwrite: true, contents: { compression: 'gzip', source } };
}
