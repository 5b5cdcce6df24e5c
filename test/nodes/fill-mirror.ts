import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { COMPONENTS, VERSION } from './kubernetes-mirror.js';
import { makeVersions } from './made-versions.js';
import { buildBusybox, buildPause } from './mirror-images.js';

/**
 * `npx tsx test/nodes/fill-mirror.ts FOLDER`: what nodes of Kubernetes fetch, from what was built under NODES_STATE by
 * build-kubernetes and make-node-image, and the versions made of it. Prints the sums of all of it.
 */
function main(): void {
  // Modes are part of the images' sums.
  process.umask(0o022);
  const [folder] = process.argv.slice(2);
  const state = resolve(process.env.NODES_STATE ?? '.nodes');
  if (folder === undefined) throw new Error('Usage: npx tsx test/nodes/fill-mirror.ts FOLDER');
  const missing = COMPONENTS.filter((name) => !existsSync(join(state, 'k8s', 'bin', name)));
  if (missing.length > 0) throw new Error(`Not in ${state}/k8s/bin: ${missing.join(', ')}; run build-kubernetes`);
  fillBinaries(join(state, 'k8s', 'bin'), join(folder, 'kubernetes', VERSION, 'amd64'));
  makeVersions(folder);
  fillImages(state, join(folder, 'images'));
  for (const file of filesOf(folder)) console.log(`${sha256(file)}  ${relative(folder, file)}`);
}

function fillBinaries(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const name of COMPONENTS) copyFileSync(join(from, name), join(to, name));
}

function fillImages(state: string, to: string): void {
  mkdirSync(to, { recursive: true });
  const work = mkdtempSync(join(tmpdir(), 'bayou-images-'));
  try {
    buildPause(join(state, 'k8s/gopath/src/k8s.io/kubernetes/build/pause/linux/pause.c'), work, join(to, 'pause.tar'));
    buildBusybox(join(state, 'image/rootfs/bin/busybox'), work, join(to, 'busybox.tar'));
  } finally {
    rmSync(work, { recursive: true });
  }
}

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function sha256(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

main();
