import { execFileSync, spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** What the tests run besides Node, and the Debian package that it comes from. */
const PACKAGES = {
  mariadbd: 'mariadb-server',
  'mariadb-install-db': 'mariadb-server',
  'rabbitmq-server': 'rabbitmq-server',
  epmd: 'erlang-base',
  'redis-server': 'redis-server',
  shellcheck: 'shellcheck',
  // Node scripts use these.
  curl: 'curl',
  openssl: 'openssl',
  python3: 'python3',
} as const;

export type ProgramName = keyof typeof PACKAGES;
export type Programs = Record<ProgramName, string>;

/** RabbitMQ's folder comes first: the script in `sbin` runs only as its own system user. */
const FOLDERS = ['/usr/lib/rabbitmq/bin', '/usr/sbin', '/usr/local/sbin', '/usr/local/bin', '/usr/bin'];
/** A Debian package asks this script whether it may start its service; exit code 101 says no. */
const SERVICE_POLICY = '/usr/sbin/policy-rc.d';

const names = Object.keys(PACKAGES) as ProgramName[];

/** Paths of all programs. Installs what is missing when it may, else says what to install. */
export function findPrograms(): Programs {
  const missing = names.filter((name) => find(name) === undefined);
  if (missing.length > 0) install([...new Set(missing.map((name) => PACKAGES[name]))]);
  const stillMissing = names.filter((name) => find(name) === undefined);
  if (stillMissing.length > 0) throw new Error(`Not found, also after the installation: ${stillMissing.join(', ')}`);
  return Object.fromEntries(names.map((name) => [name, find(name) ?? ''])) as Programs;
}

function find(name: string): string | undefined {
  const folders = [...FOLDERS, ...(process.env.PATH ?? '').split(delimiter)];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function install(packages: string[]): void {
  const asRoot = rootPrefix();
  if (asRoot === undefined || find('apt-get') === undefined) {
    throw new Error(`Please install: apt-get install --no-install-recommends ${packages.join(' ')}`);
  }
  console.log(`Installing ${packages.join(', ')} …`);
  const restorePolicy = forbidServiceStarts(asRoot);
  try {
    const apt = [...asRoot, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q', '-y'];
    execute([...apt, 'update']);
    execute([...apt, 'install', '--no-install-recommends', ...packages]);
  } finally {
    restorePolicy();
  }
}

/** What goes before a command that root must run; undefined when that can't be had without a question. */
function rootPrefix(): string[] | undefined {
  if (process.getuid?.() === 0) return [];
  const sudo = spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' });
  return sudo.status === 0 ? ['sudo', '-n'] : undefined;
}

function forbidServiceStarts(asRoot: string[]): () => void {
  const saved = `${SERVICE_POLICY}.before-bayou-tests`;
  const shell = (line: string) => execute([...asRoot, 'sh', '-c', line]);
  shell(
    `[ ! -e ${SERVICE_POLICY} ] || mv ${SERVICE_POLICY} ${saved}; ` +
      `printf '#!/bin/sh\\nexit 101\\n' > ${SERVICE_POLICY}; chmod 755 ${SERVICE_POLICY}`,
  );
  return () => shell(`rm -f ${SERVICE_POLICY}; [ ! -e ${saved} ] || mv ${saved} ${SERVICE_POLICY}`);
}

function execute(command: string[]): void {
  const [program = '', ...args] = command;
  execFileSync(program, args, { stdio: ['ignore', 'inherit', 'inherit'], timeout: 15 * 60_000 });
}
