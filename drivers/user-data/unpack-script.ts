import { posix } from 'node:path';
import { gzipSync } from 'node:zlib';
import { ServiceError } from '../../common/errors.js';
import type { NodeFile } from './files.js';

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

/** Starts no program for a file by itself: there are half a hundred, and a machine that boots has enough to do. */
function unpackScript(files: readonly NodeFile[]): string {
  const strange = files.find(({ path }) => !/^\/[\w./-]+$/.test(path));
  if (strange) throw new ServiceError('internal', `The file ${strange.path} can't be put into user data`);
  const inRoot = (paths: Iterable<string>) => [...paths].map((path) => `"$BAYOU_ROOT"${path}`).join(' ');
  const folders = new Set(files.map(({ path }) => posix.dirname(path)));
  const modes = new Set(files.map(({ mode }) => mode));
  const ofMode = (mode: string) => files.filter((file) => file.mode === mode).map(({ path }) => path);
  return [
    '#!/bin/bash',
    'set -eo pipefail',
    // With the end of its last line, which `put` writes.
    `put() { printf '%s\\n' "$2" >"$BAYOU_ROOT$1"; }`,
    `mkdir -p ${inRoot(folders)}`,
    ...files.map(({ path, content }) => `put ${path} ${quoted(content.replace(/\n$/, ''))}`),
    ...[...modes].map((mode) => `chmod ${mode} ${inRoot(ofMode(mode))}`),
    'systemctl daemon-reload',
    'systemctl enable --now --no-block bayou-node.service',
    '',
  ].join('\n');
}

/** As a shell reads it: nothing in it means anything. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
