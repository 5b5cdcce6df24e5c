import {
  type AuthorityRole,
  changeRole,
  ensureAuthority,
  loadAuthority,
  retirePrevious,
} from '../../common/authorities.js';
import { certificates } from '../../common/db/certificates.js';
import { openDatabase } from '../../common/db/database.js';
import { upgradeSchema } from '../../common/db/migrate.js';
import { secrets } from '../../common/db/secrets.js';
import { issueTicket, verifyTicket } from '../../common/enrolment-ticket.js';
import { Sealer } from '../../common/sealing.js';
import { bundleOf, trustedAuthorities } from '../../common/trusted-authorities.js';
import { migrationSource } from '../../migrations/migrations.js';
import { FakeClock } from '../support/fake-clock.js';
import { FakeIds } from '../support/fake-ids.js';

describe('authorities', () => {
  const deps = { sealer: new Sealer(Buffer.alloc(32, 7)), ids: new FakeIds(1), clock: new FakeClock() };
  const db = openDatabase({ connection: 'sqlite://', maxPoolSize: 2 });
  const wanted = { owner: 'service', name: 'node', commonName: 'bayou nodes', days: 3650 };

  beforeAll(() => upgradeSchema(db.knex, migrationSource));
  afterAll(() => db.close());

  test('whoever races for one gets the same, and its key is stored sealed', async () => {
    const made = await Promise.all([1, 2, 3, 4].map(() => ensureAuthority(db, deps, wanted)));

    expect(new Set(made.map((authority) => authority.certificatePem)).size).toBe(1);
    expect(new Set(made.map((authority) => authority.privateKeyPem)).size).toBe(1);
    const rows = await db.read('test', (query) => certificates.list(query, { owner: 'service' }));
    expect(rows).toHaveLength(1);
    const [key] = await db.read('test', (query) => secrets.list(query, { owner: 'service' }));
    expect(key?.sealed).toMatch(/^v1:/);
  });

  test('the next one takes the place of the current one, whose key goes with it', async () => {
    const owner = 'cluster-1';
    const made = await ensureAuthority(db, deps, { ...wanted, owner });
    const next = await ensureAuthority(db, deps, { ...wanted, owner, role: 'next' });
    const load = (role?: AuthorityRole) =>
      db.read('test', (query) => loadAuthority(query, deps.sealer, owner, 'node', role));
    const trusted = () => db.read('test', (query) => trustedAuthorities(query, owner, 'node'));
    expect((await trusted()).map(({ role }) => role)).toEqual(['current', 'next']);

    // Done twice, as by a conductor that heard of no answer, it is done once.
    for (const roles of [
      ['current', 'previous'],
      ['next', 'current'],
      ['next', 'current'],
    ] as const) {
      await db.transaction('test', (trx) => changeRole(trx, deps.sealer, { owner, name: 'node' }, [...roles]));
    }

    expect(await load()).toEqual(next);
    expect(await load('previous')).toEqual(made);
    expect(bundleOf(await trusted())).toBe(`${next.certificatePem}\n${made.certificatePem}`);
    await db.transaction('test', (trx) => retirePrevious(trx, owner, 'node'));
    expect([await load('previous'), (await trusted()).length]).toEqual([undefined, 1]);
    const names = await db.read('test', (query) => secrets.list(query, { owner }));
    expect(names.map(({ name }) => name)).toEqual(['ca-key:node']);
  });

  test('one that nobody made is undefined', async () => {
    expect(await db.read('test', (query) => loadAuthority(query, deps.sealer, 'service', 'other'))).toBeUndefined();
  });
});

describe('enrolment tickets', () => {
  const key = new Sealer(Buffer.alloc(32, 7)).derive('enrolment-ticket');
  const ticket = { nodeId: 'n1', clusterId: 'c1', issuedAt: 1_000_000, expiresAt: 2_000_000 };

  test('are the same text for the same node and time, and say what they were issued for', () => {
    const token = issueTicket(key, ticket);

    expect(issueTicket(key, ticket)).toBe(token);
    expect(verifyTicket(key, token, 1_500_000)).toEqual({ ...ticket, expired: false });
    expect(verifyTicket(key, token, 2_000_000)).toEqual({ ...ticket, expired: true });
  });

  test.each([
    ['of another key', issueTicket(Buffer.alloc(32, 1), ticket)],
    [
      'without a signature',
      `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from('{"sub":"n1","cluster":"c1","aud":"bayou-enrolment"}').toString('base64url')}.`,
    ],
    ['that are no tickets', 'rubbish'],
  ])('%s are refused', (_what, token) => {
    expect(() => verifyTicket(key, token, 1_500_000)).toThrow('not valid');
  });
});
