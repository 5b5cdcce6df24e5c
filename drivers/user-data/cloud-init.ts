import { gzipSync } from 'node:zlib';
import { ServiceError } from '../../common/errors.js';
import { NODE_JSON_PLACEHOLDER, TICKET_PLACEHOLDER, VOLUME_PLACEHOLDER } from '../node-stack.js';
import { type NodeFile, ofBearableSize } from './files.js';

/**
 * User data for cloud-init (Debian, Ubuntu): MIME text of two parts, the same for all nodes of a cluster but for the
 * three placeholders, which Heat fills for each node.
 *
 * The first part writes node.json, the ticket and the volume's id; cloud-init does that before it runs scripts. The
 * second is a script that puts the files in place and starts the node's service, gzipped and in base64: raw gzip does
 * not survive Heat. cloud-init unpacks a part of type application/gzip and finds out what it is from its first line.
 */

/** Not in any base64, cloud-config or script of ours. */
const BOUNDARY = '==BAYOU-PART==';
const END_OF_FILE = 'BAYOU_END_OF_FILE';
const BASE64_LINE = /.{1,76}/g;

/**
 * The same text for the same files.
 * @throws ServiceError `internal` when Nova would refuse it.
 */
export function renderUserData({ files }: { files: readonly NodeFile[] }): string {
  const parts = [
    mimePart('text/cloud-config; charset="utf-8"', '7bit', 'bayou-node.yaml', cloudConfig()),
    mimePart('application/gzip', 'base64', 'bayou-node.sh', compressed(unpackScript(files))),
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
      { path: '/etc/bayou/node-volume', ...shared, content: VOLUME_PLACEHOLDER },
    ],
  };
  return `#cloud-config\n${JSON.stringify(config)}`;
}

/** `BAYOU_ROOT` goes before every path, so that a test can unpack into a folder. */
function unpackScript(files: readonly NodeFile[]): string {
  const lines = [
    '#!/bin/bash',
    'set -eo pipefail',
    'put() {',
    '  install -D -m "$2" /dev/null "$BAYOU_ROOT$1"',
    '  cat >"$BAYOU_ROOT$1"',
    '}',
  ];
  for (const { path, mode, content } of files) {
    if (content.includes(END_OF_FILE) || !/^[\w./-]+$/.test(path)) {
      throw new ServiceError('internal', `The file ${path} can't be put into user data`);
    }
    lines.push(`put ${path} ${mode} <<'${END_OF_FILE}'`, content.replace(/\n$/, ''), END_OF_FILE);
  }
  lines.push('systemctl daemon-reload', 'systemctl enable --now --no-block bayou-node.service', '');
  return lines.join('\n');
}

function compressed(text: string): string {
  const bytes = gzipSync(text, { level: 9 });
  // RFC 1952: the time is 0 already; the operating system would tell machines apart.
  bytes[9] = 255;
  return (bytes.toString('base64').match(BASE64_LINE) ?? []).join('\n');
}
