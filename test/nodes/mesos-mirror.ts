import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import type { Bill } from '../../drivers/bill.js';

const STAND_INS = join(__dirname, 'stand-ins');
export const MESOS_VERSION = '1.11.0';
/** On agents, for tests to start. */
export const WEB_APP = '/opt/bayou/mesos/bin/web-app';

/** Archive → folder that it is unpacked to, and what is in it: the place there of each stand-in. */
const ARCHIVES: Record<string, { role: 'master' | 'all'; files: Record<string, string> }> = {
  mesos: {
    role: 'all',
    files: {
      'sbin/mesos-master': 'mesos_master.py',
      'sbin/mesos-agent': 'mesos_agent.py',
      'sbin/stand_in.py': 'stand_in.py',
      'sbin/zookeeper.py': 'zookeeper.py',
      'bin/web-app': 'web_app.py',
    },
  },
  marathon: {
    role: 'master',
    files: {
      'bin/marathon': 'marathon.py',
      'bin/marathon_core.py': 'marathon_core.py',
      'bin/stand_in.py': 'stand_in.py',
      'bin/zookeeper.py': 'zookeeper.py',
    },
  },
  chronos: {
    role: 'master',
    files: {
      'bin/chronos': 'chronos.py',
      'bin/stand_in.py': 'stand_in.py',
      'bin/zookeeper.py': 'zookeeper.py',
    },
  },
};

export interface MesosMirror {
  folder: string;
  billsFolder: string;
  remove(): void;
}

/** The stand-ins as archives of a mirror, with a bill of materials as an operator would write one for the real programs. */
export function makeMesosMirror(): MesosMirror {
  const work = mkdtempSync(join(tmpdir(), 'bayou-mesos-'));
  const folder = join(work, 'mirror');
  const billsFolder = join(work, 'bills');
  for (const each of [folder, billsFolder]) mkdirSync(each);
  const files = Object.keys(ARCHIVES).map((name) => makeArchive(name, join(work, name), folder));
  const bill: Bill = { version: MESOS_VERSION, origin: 'stand-ins of test/nodes', files, images: [] };
  writeFileSync(join(billsFolder, `${MESOS_VERSION}.yaml`), stringify(bill));
  return { folder, billsFolder, remove: () => rmSync(work, { recursive: true }) };
}

function makeArchive(name: string, work: string, folder: string): Bill['files'][number] {
  const { role, files = {} } = ARCHIVES[name] ?? {};
  for (const [place, source] of Object.entries(files)) {
    mkdirSync(dirname(join(work, place)), { recursive: true });
    copyFileSync(join(STAND_INS, source), join(work, place));
  }
  const path = `${name}.tgz`;
  const archive = join(folder, path);
  execFileSync('tar', ['--owner=0', '--group=0', '--mode=0755', '-C', work, '-czf', archive, '.']);
  const sha256 = createHash('sha256').update(readFileSync(archive)).digest('hex');
  const sizeBytes = statSync(archive).size;
  return { name, for: role ?? 'all', path, sha256, sizeBytes, unpack: `/opt/bayou/${name}` };
}
