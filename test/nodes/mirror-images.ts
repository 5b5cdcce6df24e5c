import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** Images made of one static program each, since nodes of a test have no way to a registry. The same bytes each time. */

const PROGRAM_LIMIT_MS = 120_000;
/** Of everything in an image. */
const CREATED = '2020-01-01T00:00:00Z';

interface ImageConfig {
  Entrypoint?: string[];
  Cmd?: string[];
  Env?: string[];
}

/** Kubernetes' own: holds a pod's namespaces and reaps its orphans. */
export function buildPause(source: string, work: string, file: string): void {
  const root = join(work, 'pause');
  mkdirSync(root);
  run('gcc', '-Os', '-static', '-s', '-o', join(root, 'pause'), source);
  writeImage({ root, work, file, name: 'registry.k8s.io/pause:3.2', config: { Entrypoint: ['/pause'] } });
}

/** A shell with all that a test wants to run in a pod, `httpd` too. */
export function buildBusybox(program: string, work: string, file: string): void {
  const root = join(work, 'busybox');
  for (const folder of ['bin', 'etc', 'tmp', 'root', 'var/www']) mkdirSync(join(root, folder), { recursive: true });
  chmodSync(join(root, 'tmp'), 0o1777);
  copyFileSync(program, join(root, 'bin/busybox'));
  const commands = run(program, '--list').trim().split('\n');
  if (!commands.includes('httpd')) throw new Error(`${program} has no httpd`);
  for (const command of commands.filter((each) => each !== 'busybox'))
    symlinkSync('busybox', join(root, 'bin', command));
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\n');
  const config = { Entrypoint: ['/bin/sh'], Env: ['PATH=/bin'] };
  writeImage({ root, work, file, name: 'docker.io/library/busybox:1.35', config });
}

/** An archive as `docker save` writes it and `docker load` and `ctr images import` take it (image spec v1.2). */
function writeImage(image: { root: string; work: string; file: string; name: string; config: ImageConfig }): void {
  const { root, work, file, name, config } = image;
  const archive = join(work, `${basename(root)}-archive`);
  mkdirSync(archive);
  writeTar(join(archive, 'layer.tar'), root);
  const layer = sha256(readFileSync(join(archive, 'layer.tar')));
  const description = JSON.stringify({
    architecture: 'amd64',
    os: 'linux',
    created: CREATED,
    config,
    rootfs: { type: 'layers', diff_ids: [`sha256:${layer}`] },
    history: [{ created: CREATED, created_by: 'mirror-images' }],
  });
  const configFile = `${sha256(description)}.json`;
  writeFileSync(join(archive, configFile), description);
  const manifest = [{ Config: configFile, RepoTags: [name], Layers: ['layer.tar'] }];
  writeFileSync(join(archive, 'manifest.json'), JSON.stringify(manifest));
  rmSync(file, { force: true });
  writeTar(file, archive);
}

/** What depends on the moment and on the user is left out. */
function writeTar(file: string, folder: string): void {
  const same = ['--sort=name', `--mtime=${CREATED}`, '--owner=0', '--group=0', '--numeric-owner', '--format=ustar'];
  run('tar', ...same, '-C', folder, '-cf', file, '.');
}

function sha256(content: Buffer | string): string {
  return createHash('sha256').update(content).digest('hex');
}

function run(program: string, ...args: string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', timeout: PROGRAM_LIMIT_MS });
}
