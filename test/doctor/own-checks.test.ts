import { once } from 'node:events';
import { chmodSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { newServerIdentity } from '../../api/node-listener/server-identity.js';
import { diagnose, lineOf } from '../../cli/doctor/doctor.js';
import { ensureNodeAuthority } from '../../common/authorities.js';
import { systemClock } from '../../common/clock.js';
import { loadConfig } from '../../common/config/load.js';
import { openDatabase } from '../../common/db/database.js';
import { systemIds } from '../../common/ids.js';
import { loadSealer } from '../../common/sealing.js';
import { createAuthority, validFor } from '../../common/x509.js';
import { type DoctorFixture, startFixture } from './doctor-fixture.js';

let doctor: DoctorFixture;
beforeEach(async () => {
  doctor = await startFixture();
});
afterEach(() => doctor.stop());

const finding = (state: string, what: string, found: RegExp, remedy: RegExp) => ({
  state,
  what,
  found: expect.stringMatching(found),
  remedy: expect.stringMatching(remedy),
});

describe('the doctor on the configuration', () => {
  it('names every problem in one line and checks nothing else', async () => {
    const load = () => loadConfig(undefined, { BAYOU_API__PORT: 'lots', BAYOU_API__PROT: '1' });
    const lines: string[] = [];
    for await (const found of diagnose(load, undefined)) lines.push(lineOf(found));

    expect(lines).toEqual([
      expect.stringMatching(/^fail {2}configuration: .*BAYOU_API__PROT.*\[api\] port.*\. To do: mend [^.]*\.$/),
    ]);
  });

  it('warns of what Magnum would do and Bayou does not', async () => {
    const file = join(doctor.folder, 'magnum.conf');
    writeFileSync(file, '[cluster]\nnodes_affinity_policy = anti-affinity\n[DEFAULT]\nuse_stderr = true\n');
    const findings = [];
    for await (const found of diagnose(() => loadConfig(file, doctor.settings), undefined)) findings.push(found);

    expect(findings[0]).toEqual({
      state: 'ok',
      what: 'configuration',
      found: 'complete; 1 passed over',
    });
    expect(findings[1]).toEqual(finding('warn', 'configuration', /nodes_affinity_policy/, /take it out/));
  });
});

describe('the doctor on the policy', () => {
  const policyFile = (text: string) => {
    const path = join(doctor.folder, 'policy.yaml');
    writeFileSync(path, text);
    return { BAYOU_OSLO_POLICY__POLICY_FILE: path };
  };

  it('tells a file that would stop the API', async () => {
    const findings = await doctor.examine(policyFile('cluster:create: "role:admin or"'));

    expect(findings).toContainEqual(finding('fail', 'policy', /cluster:create.*ends too early/, /mend/));
  });

  it('warns of rules that do nothing', async () => {
    const findings = await doctor.examine(policyFile('cluster:craete: "!"'));

    expect(findings).toContainEqual({ state: 'ok', what: 'policy', found: 'understood' });
    expect(findings).toContainEqual(finding('warn', 'policy', /did you mean "cluster:create"/, /mend the name/));
  });

  it("tells a folder without Keystone's keys", async () => {
    const findings = await doctor.examine({ BAYOU_KEYSTONE_AUTHTOKEN__JWS_PUBLIC_KEY_REPOSITORY: '/nowhere' });

    expect(findings).toContainEqual(finding('fail', 'policy', /jws_public_key_repository/, /mend/));
  });
});

describe('the doctor on the database', () => {
  it('finds a server that is down, without a word of the password', async () => {
    const findings = await doctor.examine({ BAYOU_DATABASE__CONNECTION: 'mysql://u:guess@127.0.0.1:1/bayou' });

    expect(findings).toContainEqual(finding('fail', 'database', /ECONNREFUSED/, /\[database\] connection/));
    expect(findings).toContainEqual(finding('warn', 'secret key', /not checked/, /database/));
    expect(JSON.stringify(findings)).not.toContain('guess');
  });

  it('finds a schema that is missing, and one that is behind', async () => {
    const empty = join(doctor.folder, 'empty.sqlite');
    writeFileSync(empty, '');
    expect(await doctor.examine({ BAYOU_DATABASE__CONNECTION: `sqlite:///${empty}` })).toContainEqual(
      finding('fail', 'database', /, empty$/, /bayou db upgrade/),
    );

    const db = openDatabase({ connection: `sqlite:///${join(doctor.folder, 'bayou.sqlite')}`, maxPoolSize: 1 });
    const [newest] = await db.knex('knex_migrations').max('id as id');
    await db.knex('knex_migrations').where({ id: newest?.id }).delete();
    await db.close();
    expect(await doctor.examine()).toContainEqual(
      finding('fail', 'database', /1 migrations behind/, /bayou db upgrade/),
    );
  });

  it("finds Magnum's own, which it leaves as it is", async () => {
    const connection = `sqlite:///${join(doctor.folder, 'magnum.sqlite')}`;
    const db = openDatabase({ connection, maxPoolSize: 1 });
    await db.knex.schema.createTable('x509keypair', (table) => table.increments());
    await db.close();

    const findings = await doctor.examine({ BAYOU_DATABASE__CONNECTION: connection });

    expect(findings).toContainEqual(finding('fail', 'database', /it is Magnum's/, /of its own/));
  });

  it('makes no file that is not there', async () => {
    const file = join(doctor.folder, 'later.sqlite');

    const findings = await doctor.examine({ BAYOU_DATABASE__CONNECTION: `sqlite:///${file}` });

    expect(findings).toContainEqual(expect.objectContaining({ state: 'ok', what: 'database' }));
    expect(existsSync(file)).toBe(false);
    expect(existsSync(join(doctor.folder, 'secret.key'))).toBe(false);
  });
});

describe('the doctor on the secret key', () => {
  const key = () => join(doctor.folder, 'secret.key');

  beforeEach(async () => {
    const db = openDatabase({ connection: `sqlite:///${join(doctor.folder, 'bayou.sqlite')}`, maxPoolSize: 1 });
    await ensureNodeAuthority(db, { sealer: loadSealer(key(), true), ids: systemIds, clock: systemClock });
    await db.close();
  });

  it('sees that it opens what the database holds, and who else may read it', async () => {
    chmodSync(key(), 0o644);
    const findings = await doctor.examine();

    expect(findings).toContainEqual(expect.objectContaining({ state: 'ok', what: 'secret key' }));
    expect(findings).toContainEqual(finding('warn', 'secret key', /read by others/, /chmod 600/));
  });

  it('warns of a folder that a restart empties', async () => {
    const file = `/tmp/bayou-doctor-${process.pid}.key`;
    try {
      loadSealer(file, true);
      expect(await doctor.examine({ BAYOU_BAYOU__SECRET_KEY_FILE: file })).toContainEqual(
        finding('warn', 'secret key', /gone after a restart/, /secret_key_file/),
      );
    } finally {
      rmSync(file);
    }
  });

  it('finds another one, and a missing one', async () => {
    const other = join(doctor.folder, 'other.key');
    loadSealer(other, true);

    expect(await doctor.examine({ BAYOU_BAYOU__SECRET_KEY_FILE: other })).toContainEqual(
      finding('fail', 'secret key', /does not open/, /secret_key_file/),
    );
    expect(await doctor.examine({ BAYOU_BAYOU__SECRET_KEY_FILE: `${other}.none` })).toContainEqual(
      finding('fail', 'secret key', /is missing, but the database holds secrets/, /put the key back/),
    );
  });
});

describe('the doctor on the brokers', () => {
  it('finds that they are down, or wrongly written, without a word of the password', async () => {
    const down = await doctor.examine({
      BAYOU_DEFAULT__TRANSPORT_URL: 'rabbit://u:guess@127.0.0.1:1/',
      BAYOU_SCHEDULER__REDIS_URL: 'redis://:guess@127.0.0.1:1/0',
    });
    const wrong = await doctor.examine({ BAYOU_DEFAULT__TRANSPORT_URL: 'http://u:guess@127.0.0.1' });

    expect(down).toContainEqual(finding('fail', 'RabbitMQ', /^127\.0\.0\.1:1: .*ECONNREFUSED/, /virtual host/));
    expect(down).toContainEqual(finding('fail', 'Redis', /127\.0\.0\.1:1/, /redis_url/));
    expect(wrong).toContainEqual(finding('fail', 'RabbitMQ', /expected rabbit:/, /transport_url/));
    expect(JSON.stringify([down, wrong])).not.toContain('guess');
  });
});

describe('the doctor on the addresses that others are told', () => {
  const REAL_CLOUD = { BAYOU_DEVELOPMENT_CLOUD__PORT: '1' };
  let server: Server | undefined;
  afterEach(() => server?.close());

  /** Serves the certificate that the node listener would have, which names 127.0.0.1. */
  async function listenAt(address: string): Promise<string> {
    const authority = await createAuthority({ commonName: 'nodes', ...validFor(1, systemClock.now()) });
    const { key, cert } = await newServerIdentity(
      systemClock,
      authority,
      loadConfig(undefined, {}).config.nodeListener,
    );
    server = createServer({ key, cert }).listen(0, address);
    await once(server, 'listening');
    return `https://${address}:${(server.address() as AddressInfo).port}`;
  }

  it.each(['https://127.0.0.1:9512', 'https://localhost:9512', 'https://[::1]:9512', 'https://0.0.0.0:9512'])(
    'finds that nodes of a real cloud do not reach %s',
    async (url) => {
      const findings = await doctor.examine({ ...REAL_CLOUD, BAYOU_NODE_LISTENER__PUBLIC_URL: url });

      expect(findings).toContainEqual(finding('fail', 'node listener', /this machine only/, /public_url/));
      expect(findings).toContainEqual(finding('warn', 'Keystone for clients', /this machine only/, /www_auth/));
      expect(findings).toContainEqual(finding('warn', 'addresses for registries', /this machine only/, /endpoint/));
    },
  );

  it('finds an address that is no https URL, and a listener that is not where nodes are told', async () => {
    expect(await doctor.examine({ BAYOU_NODE_LISTENER__PUBLIC_URL: 'http://bayou.example' })).toContainEqual(
      finding('fail', 'node listener', /no https URL/, /https:\/\/address:port/),
    );
    const findings = await doctor.examine({ ...REAL_CLOUD, BAYOU_NODE_LISTENER__PUBLIC_URL: 'https://192.0.2.1:1' });
    expect(findings).toContainEqual(finding('warn', 'node listener', /listens on 127\.0\.0\.1 only/, /0\.0\.0\.0/));
  });

  it.each([
    ['127.0.0.1', expect.objectContaining({ state: 'ok', found: expect.stringMatching(/its certificate names$/) })],
    ['127.0.0.2', finding('fail', 'node listener', /certificate of bayou node listener$/, /end TLS/)],
  ])('looks at the names of the certificate that is served at %s', async (address, expected) => {
    const url = await listenAt(address);

    expect(await doctor.examine({ BAYOU_NODE_LISTENER__PUBLIC_URL: url })).toContainEqual(expected);
  });
});
