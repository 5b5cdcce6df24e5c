import { gzipSync } from 'node:zlib';
import { ServiceError } from '../../common/errors.js';
import type { NodeFile } from './files.js';

const END_OF_FILE = 'BAYOU_END_OF_FILE';

/**
 * A script that puts the files in place and starts the node's service, gzipped: compressed together they take a third of
 * what each would take by itself. `BAYOU_ROOT` goes before every path, so that a test can unpack into a folder.
 */
export function compressedUnpackScript(files: readonly NodeFile[]): Buffer {
  const bytes = gzipSync(unpackScript(files), { level: 9 });
  // RFC 1952: the time is 0 already; the operating system would tell machines apart.
  bytes[9] = 255;
  return bytes;
}

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
