import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createConnection } from 'mysql2/promise';
import { freePorts } from './free-ports.js';
import { type ServerGroup, waitUntilReady } from './process-group.js';
import type { Programs } from './programs.js';

/** Forgets on a power cut, for speed. */
const FORGETFUL = ['--innodb-flush-log-at-trx-commit=0', '--innodb-doublewrite=0', '--innodb-flush-method=nosync'];

/** @returns `mysql://root@127.0.0.1:<port>/`. `durable`: as an operator's keeps what it has committed, for measurements. */
export async function startMariadb(
  group: ServerGroup,
  programs: Programs,
  { durable = false }: { durable?: boolean } = {},
): Promise<string> {
  const [port] = await freePorts(1);
  const folder = join(group.folder, 'mariadb');
  const data = join(folder, 'data');
  const temporary = join(folder, 'tmp');
  for (const path of [folder, data, temporary]) mkdirSync(path);
  const user = userInfo().username;
  await promisify(execFile)(
    programs['mariadb-install-db'],
    [
      '--no-defaults',
      `--datadir=${data}`,
      `--user=${user}`,
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
    ],
    { timeout: 60_000 },
  ).catch((error: unknown) => {
    throw new Error('mariadb-install-db failed', { cause: error });
  });
  const initFile = join(folder, 'init.sql');
  writeFileSync(
    initFile,
    `CREATE USER IF NOT EXISTS 'root'@'127.0.0.1';\nGRANT ALL ON *.* TO 'root'@'127.0.0.1' WITH GRANT OPTION;\n`,
  );
  chmodSync(initFile, 0o644);
  const server = group.launch('mariadb', [
    programs.mariadbd,
    '--no-defaults',
    `--user=${user}`,
    `--datadir=${data}`,
    `--tmpdir=${temporary}`,
    `--socket=${join(folder, 'socket')}`,
    `--pid-file=${join(folder, 'pid')}`,
    `--port=${port}`,
    '--bind-address=127.0.0.1',
    `--init-file=${initFile}`,
    '--skip-name-resolve',
    '--skip-log-bin',
    '--max-connections=500',
    ...(durable ? ['--innodb-buffer-pool-size=256M'] : ['--innodb-buffer-pool-size=64M', ...FORGETFUL]),
  ]);
  await waitUntilReady(server, async () => {
    const connection = await createConnection({ host: '127.0.0.1', port: Number(port), user: 'root' });
    await connection.query('SELECT 1');
    await connection.end();
  });
  return `mysql://root@127.0.0.1:${port}/`;
}
