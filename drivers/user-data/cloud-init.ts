import { NODE_JSON_PLACEHOLDER, TICKET_PLACEHOLDER } from '../node-stack.js';
import { VOLUME_PLACEHOLDERS, volumeFile } from '../node-volumes.js';
import { type NodeFile, ofBearableSize } from './files.js';
import { compressedUnpackScript } from './unpack-script.js';

/**
 * User data for cloud-init (Debian, Ubuntu): MIME text of two parts, the same for all nodes of a cluster but for the
 * placeholders, which Heat fills for each node.
 *
 * The first part writes node.json, the ticket and the ids of volumes; cloud-init does that before it runs scripts. The
 * second is a script that puts the files in place and starts the node's service, gzipped and in base64: raw gzip does
 * not survive Heat. cloud-init unpacks a part of type application/gzip and finds out what it is from its first line.
 */

/** Not in any base64, cloud-config or script of ours. */
const BOUNDARY = '==BAYOU-PART==';
const BASE64_LINE = /.{1,76}/g;

/**
 * The same text for the same files.
 * @throws ServiceError `internal` when Nova would refuse it.
 */
export function renderUserData({ files }: { files: readonly NodeFile[] }): string {
  const parts = [
    mimePart('text/cloud-config; charset="utf-8"', '7bit', 'bayou-node.yaml', cloudConfig()),
    mimePart('application/gzip', 'base64', 'bayou-node.sh', compressed(files)),
  ];
  const text = [
    `Content-Type: multipart/mixed; boundary="${BOUNDARY}"`,
    'MIME-Version: 1.0',
    '',
    ...parts.map((part) => `--${BOUNDARY}\n${part}`),
    `--${BOUNDARY}--`,
    '',
  ].join('\n');
  return ofBearableSize(text);
}

function mimePart(type: string, encoding: string, filename: string, body: string): string {
  return [
    `Content-Type: ${type}`,
    `Content-Transfer-Encoding: ${encoding}`,
    `Content-Disposition: attachment; filename="${filename}"`,
    '',
    body,
  ].join('\n');
}

/** JSON is YAML; in quotes the placeholders are plain text. */
function cloudConfig(): string {
  const shared = { owner: 'root:root', permissions: '0600' };
  const config = {
    write_files: [
      { path: '/etc/bayou/node.json', ...shared, encoding: 'b64', content: NODE_JSON_PLACEHOLDER },
      { path: '/etc/bayou/ticket', ...shared, content: TICKET_PLACEHOLDER },
      ...Object.entries(VOLUME_PLACEHOLDERS).map(([purpose, content]) => ({
        path: volumeFile(purpose),
        ...shared,
        content,
      })),
    ],
  };
  return `#cloud-config\n${JSON.stringify(config)}`;
}

function compressed(files: readonly NodeFile[]): string {
  return (compressedUnpackScript(files).toString('base64').match(BASE64_LINE) ?? []).join('\n');
}
