import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { loadConfig } from '../../common/config/load.js';

/** The plugin's phases over the stand-in of DevStack's functions; programs only say how they were called. */
const ROOT = resolve(__dirname, '../..');
const FAKED = ['openstack', 'npm', 'mariadb', 'setsid', 'curl'];
/** `node --version` is asked; a database is not. */
const FAKED_NODE = '#!/bin/bash\n[ "$1" = --version ] && echo v20.19.0 || echo "node $*" >>"$CALLS"\n';
const STACK = ['stack install', 'stack post-config', 'stack extra', 'stack test-config'];

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bayou-devstack-'));
  mkdirSync(join(folder, 'bin'));
  for (const name of FAKED) writeProgram(name, `#!/bin/bash\necho "${name} $*" >>"$CALLS"\n`);
  writeProgram(
    'openstack',
    '#!/bin/bash\necho "openstack $*" >>"$CALLS"\ncase $1-$2 in *-create | *-show) echo id-of-"$3" ;; esac\n',
  );
  writeProgram('node', FAKED_NODE);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function writeProgram(name: string, text: string): void {
  const file = join(folder, 'bin', name);
  writeFileSync(file, text);
  chmodSync(file, 0o755);
}

/** @returns what was called, one line each */
function run(phases: string[], settings: Record<string, string> = {}): string {
  const calls = join(folder, 'calls');
  writeFileSync(calls, '');
  const { status, stderr } = spawnSync(join(__dirname, 'phases.sh'), phases, {
    env: {
      PATH: `${join(folder, 'bin')}:${process.env.PATH}`,
      CALLS: calls,
      BAYOU_DIR: ROOT,
      BAYOU_CONF_DIR: join(folder, 'etc'),
      DEST: join(folder, 'dest'),
      OS_AUTH_URL: 'http://192.0.2.1/identity',
      SERVICE_PASSWORD: 'service-secret',
      DATABASE_USER: 'root',
      DATABASE_PASSWORD: 'database-secret',
      DATABASE_HOST: '192.0.2.2',
      RABBIT_USERID: 'stackrabbit',
      RABBIT_PASSWORD: 'rabbit-secret',
      RABBIT_HOST: '192.0.2.3',
      ...settings,
    },
    encoding: 'utf8',
    timeout: 20_000,
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return readFileSync(calls, 'utf8');
}

it('makes a configuration that Bayou takes, and that only its user can read', () => {
  run(STACK, { BAYOU_MIRROR_URL: 'http://192.0.2.4/mirror' });

  const file = join(folder, 'etc/bayou.conf');
  const { config, passedOver } = loadConfig(file, {});
  expect(passedOver.filter(({ missed }) => missed)).toEqual([]);
  expect(config).toMatchObject({
    api: { port: 9511 },
    database: {
      connection: 'mysql+pymysql://root:database-secret@192.0.2.2/devstack_bayou?charset=utf8&plugin=dbcounter',
    },
    general: { transportUrl: 'rabbit://stackrabbit:rabbit-secret@192.0.2.3:5672/' },
    keystoneAuthtoken: { authUrl: 'http://192.0.2.1/identity', username: 'bayou', password: 'service-secret' },
    kubernetes: { mirrorUrl: 'http://192.0.2.4/mirror' },
    nodeListener: { publicUrl: 'https://127.0.0.1:9512' },
    trust: { trusteeDomainName: 'bayou', trusteeDomainAdminName: 'bayou_domain_admin' },
  });
  expect(statSync(file).mode & 0o077).toBe(0);
});

it('makes the service user, the domain of accounts and the endpoint, then starts both services', () => {
  const calls = run(STACK);

  const wanted = [
    'npm ci',
    'openstack role add admin --user id-of-bayou --project service',
    'openstack endpoint create container-infra public http://127.0.0.1:9511/v1',
    'openstack domain create bayou',
    'openstack role add admin --user id-of-bayou_domain_admin --domain id-of-bayou',
    'mariadb --no-defaults --user=root',
    `node ${ROOT}/dist/cli/main.js db upgrade --config-file`,
  ];
  // Both start at once.
  const services = ['dist/cli/main.js api --config-file', 'BAYOU_METRICS__PORT=9514'];
  const [places = [], started = []] = [wanted, services].map((texts) => texts.map((text) => calls.indexOf(text)));
  expect([...places, ...started]).not.toContain(-1);
  expect(places).toEqual([...places].sort((a, b) => a - b));
  expect(Math.min(...started)).toBeGreaterThan(Math.max(...places));
});

it('sets up Horizon and tempest, and leaves nothing when it is cleaned', () => {
  run(STACK);

  const panels = join(folder, 'dest/horizon/openstack_dashboard/local/enabled');
  const panel = join(panels, '_1370_project_container_infra_panelgroup.py');
  expect(existsSync(panel)).toBe(true);
  expect(readFileSync(join(folder, 'dest/tempest/etc/tempest.conf'), 'utf8')).toMatch(
    /\[service_available\]\nmagnum = True/,
  );

  run(['unstack']);
  run(['clean']);
  expect([panel, join(folder, 'etc'), join(folder, 'dest/data/bayou')].filter(existsSync)).toEqual([]);
});

it('does nothing where its services are disabled', () => {
  writeProgram('npm', '#!/bin/bash\nexit 1\n');

  expect(run(['stack test-config'], { ENABLED_SERVICES: 'key' })).toBe('');
});
