import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import jwt from 'jsonwebtoken';
import { SignedTokens } from '../../api/signed-tokens.js';
import { silentLog } from '../../common/log.js';
import { seedId } from '../../devstack/devcloud/seed-id.js';
import { type ApiFixture, startApi } from '../support/api-fixture.js';

type KeyPair = { publicKey: KeyObject; privateKey: KeyObject };

const newPair = (): KeyPair => generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const SETTING = 'BAYOU_KEYSTONE_AUTHTOKEN__JWS_PUBLIC_KEY_REPOSITORY';

let folder: string;
let keys: KeyPair;
let api: ApiFixture;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bayou-jws-'));
  keys = newPair();
  putKey('public', keys);
  api = await startApi({ settings: { [SETTING]: folder } });
});
afterEach(async () => {
  await api.stop();
  rmSync(folder, { recursive: true, force: true });
});

function putKey(name: string, { publicKey }: KeyPair): void {
  writeFileSync(join(folder, `${name}.pem`), publicKey.export({ type: 'spki', format: 'pem' }));
}

/** The claims of Keystone's `jws` provider, for demo on its project. */
function claims(changes: object = {}) {
  const now = Math.floor(api.clock.now() / 1000);
  return {
    sub: seedId('user demo'),
    iat: now,
    exp: now + 3600,
    openstack_methods: ['password'],
    openstack_audit_ids: ['a1b2c3'],
    openstack_project_id: seedId('project demo'),
    ...changes,
  };
}

function without(claim: 'sub' | 'exp'): object {
  const { [claim]: _left, ...others } = claims();
  return others;
}

function sign(payload: object, { privateKey }: KeyPair, options: jwt.SignOptions = {}): string {
  return jwt.sign(payload, privateKey, { algorithm: 'ES256', ...options });
}

/** Makes Keystone know the token. */
function issued(token: string): string {
  const issuedAt = api.clock.now();
  api.cloud.state.identity.tokens.set(token, {
    value: token,
    userId: seedId('user demo'),
    scope: { kind: 'project', id: seedId('project demo') },
    issuedAt,
    expiresAt: issuedAt + 3_600_000,
    auditId: 'a1b2c3',
  });
  return token;
}

const ask = (token: string) => api.anonymous.with({ 'X-Auth-Token': token }).get('/v1/clusters');

/** Whether Keystone is asked about the token: it fails once, as ordered. */
async function asksKeystone(token: string): Promise<{ asked: boolean; status: number }> {
  api.cloud.faults.order({
    service: 'identity',
    method: 'GET',
    path: '/auth/tokens',
    times: 1,
    action: { status: 503 },
  });
  const { status } = await ask(token);
  return { asked: api.cloud.faults.left() === 0, status };
}

describe('A JWS token', () => {
  it('that Keystone signed is shown to Keystone, which knows its roles, and then known', async () => {
    const token = issued(sign(claims(), keys));

    expect((await ask(token)).status).toBe(200);
    expect(await asksKeystone(token)).toEqual({ asked: false, status: 200 });
  });

  it('that Keystone signed and no longer holds is refused by Keystone', async () => {
    expect((await ask(sign(claims(), keys))).status).toBe(401);
  });

  it.each<[string, () => string]>([
    ['was signed by another key', () => sign(claims(), newPair())],
    ['has expired', () => sign(claims({ exp: Math.floor(api.clock.now() / 1000) - 1 }), keys)],
    ['never expires', () => sign(without('exp'), keys)],
    ['names nobody', () => sign(without('sub'), keys)],
    ['is for later', () => sign(claims({ nbf: Math.floor(api.clock.now() / 1000) + 60 }), keys)],
    ['is not signed', () => jwt.sign(claims(), '', { algorithm: 'none' })],
    [
      'is signed with the public key as a password',
      () => {
        const pem = keys.publicKey.export({ type: 'spki', format: 'pem' }) as string;
        const head = jwt.sign(claims(), pem, { algorithm: 'HS256' });
        return head;
      },
    ],
    [
      'was changed',
      () => {
        const [head, , signature] = sign(claims(), keys).split('.');
        const other = Buffer.from(JSON.stringify(claims({ sub: seedId('user admin') }))).toString('base64url');
        return `${head}.${other}.${signature}`;
      },
    ],
    ['is nonsense', () => 'abc.def.ghi'],
  ])('that %s is refused without asking Keystone', async (_why, make) => {
    const token = issued(make());

    expect(await asksKeystone(token)).toEqual({ asked: false, status: 401 });
  });

  it('is refused from its own end on, though Keystone said yes before', async () => {
    const token = issued(sign(claims({ exp: Math.floor(api.clock.now() / 1000) + 600 }), keys));
    expect((await ask(token)).status).toBe(200);
    await api.clock.advance(601_000);

    expect(await asksKeystone(token)).toEqual({ asked: false, status: 401 });
  });

  it('may be signed with a key that came into the folder meanwhile', async () => {
    const next = newPair();
    const token = issued(sign(claims(), next));
    expect((await ask(token)).status).toBe(401);
    putKey('next', next);
    await api.clock.advance(10_000);

    expect((await ask(token)).status).toBe(200);
    expect((await ask(issued(sign(claims(), keys)))).status).toBe(200);
  });

  it('is looked at with the keys of before while the folder is broken', async () => {
    writeFileSync(join(folder, 'broken.pem'), 'nothing');
    await api.clock.advance(10_000);

    expect((await ask(sign(claims(), newPair()))).status).toBe(401);
    expect((await ask(issued(sign(claims(), keys)))).status).toBe(200);
  });
});

it('A token of another kind goes to Keystone', async () => {
  const demo = await api.as('demo');

  expect((await demo.get('/v1/clusters')).status).toBe(200);
});

it('Without the setting Keystone is asked about every token', async () => {
  const other = await startApi();
  other.cloud.faults.order({
    service: 'identity',
    method: 'GET',
    path: '/auth/tokens',
    times: 1,
    action: { status: 503 },
  });

  const { status } = await other.anonymous.with({ 'X-Auth-Token': 'abc.def.ghi' }).get('/v1/clusters');
  await other.stop();

  expect(status).toBe(503);
});

describe('A folder of keys', () => {
  it.each<[string, () => void]>([
    ['that is not there', () => rmSync(folder, { recursive: true })],
    ['without a key', () => rmSync(join(folder, 'public.pem'))],
    ['with a text', () => writeFileSync(join(folder, 'b.pem'), 'nothing')],
    [
      'with a private key',
      () => writeFileSync(join(folder, 'b.pem'), keys.privateKey.export({ type: 'pkcs8', format: 'pem' })),
    ],
    ['with a key of another kind', () => putKey('rsa', generateKeyPairSync('rsa', { modulusLength: 2048 }))],
  ])('%s stops the start', (_what, spoil) => {
    spoil();

    expect(() => new SignedTokens({ clock: api.clock, log: silentLog }, folder)).toThrow(
      '[keystone_authtoken] jws_public_key_repository: ',
    );
  });
});
