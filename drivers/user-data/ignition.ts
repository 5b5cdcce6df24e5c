import { NODE_JSON_PLACEHOLDER, TICKET_PLACEHOLDER } from '../node-stack.js';
import { VOLUME_PLACEHOLDERS, volumeFile } from '../node-volumes.js';
import { type NodeFile, ofBearableSize } from './files.js';
import { compressedUnpackScript } from './unpack-script.js';

/**
 * User data for Ignition (Flatcar, Fedora CoreOS), specification 3.4.0: JSON, the same for all nodes of a
 * cluster but for the placeholders. Heat fills them as text inside of `data:` URLs (RFC 2397): base64,
 * a ticket (base64url and points) and ids need no escape there.
 */
export function renderIgnition({ files }: { files: readonly NodeFile[] }): string {
  return ofBearableSize(
    JSON.stringify({
      ignition: { version: '3.4.0' },
      storage: { files: [...NODE_FILES, unpackFile(files)] },
      systemd: { units: [{ name: 'bayou-files.service', enabled: true, contents: UNPACK_UNIT }] },
    }),
  );
}

const UNPACK = '/opt/bayou/unpack.sh';

/** At the first boot; from then on the node's own service, which it enables, is there. */
const UNPACK_UNIT = `[Unit]
Description=Files of the Bayou cluster node
ConditionPathExists=!/opt/bayou/runner.sh

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=${UNPACK}

[Install]
WantedBy=multi-user.target
`;

const OWNER_ONLY = 0o600;

const NODE_FILES = [
  { path: '/etc/bayou/node.json', source: `data:;base64,${NODE_JSON_PLACEHOLDER}` },
  { path: '/etc/bayou/ticket', source: `data:,${TICKET_PLACEHOLDER}` },
  ...Object.entries(VOLUME_PLACEHOLDERS).map(([purpose, placeholder]) => ({
    path: volumeFile(purpose),
    source: `data:,${placeholder}`,
  })),
].map(({ path, source }) => ({ path, mode: OWNER_ONLY, overwrite: true, contents: { source } }));

function unpackFile(files: readonly NodeFile[]) {
  const source = `data:;base64,${compressedUnpackScript(files).toString('base64')}`;
  return { path: UNPACK, mode: 0o755, overwrite: true, contents: { compression: 'gzip', source } };
}
