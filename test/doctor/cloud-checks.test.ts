import { systemClock } from '../../common/clock.js';
import type { Fault } from '../../devstack/devcloud/control/faults.js';
import { until } from '../support/until.js';
import { type DoctorFixture, type Settings, startFixture } from './doctor-fixture.js';

let doctor: DoctorFixture;
beforeAll(async () => {
  doctor = await startFixture();
});
afterAll(() => doctor.stop());
afterEach(() => doctor.cloud.faults.clear());

function leftOvers(): string[] {
  const { users, grants } = doctor.cloud.everything();
  return [...users, ...grants];
}

describe('the doctor, in a healthy cloud', () => {
  it('finds everything in order and leaves nothing behind', async () => {
    const findings = await doctor.examine();

    expect(findings.filter(({ state }) => state !== 'ok')).toEqual([]);
    expect(findings.map(({ what }) => what)).toEqual(
      expect.arrayContaining(['database', 'service user', 'trustee domain', 'service compute', 'account: Heat']),
    );
    expect(leftOvers()).toEqual([]);
  });

  it('tries the account in the project that it is told, by name', async () => {
    const findings = await doctor.examine({}, { project: 'demo' });

    expect(findings).toContainEqual(
      expect.objectContaining({
        state: 'ok',
        what: 'account: roles',
        found: expect.stringMatching(/on project demo$/),
      }),
    );
  });

  it('logs the service user in by an application credential', async () => {
    const { identity } = doctor.cloud.state;
    const secret = 'of the service user';
    const projectId = [...identity.projects.values()].find(({ name }) => name === 'service')?.id ?? '';
    const userId = [...identity.users.values()].find(({ name }) => name === 'magnum')?.id ?? '';
    identity.applicationCredentials.set('abc', { id: 'abc', name: 'bayou', userId, projectId, secret });

    const findings = await doctor.examine({
      BAYOU_KEYSTONE_AUTHTOKEN__APPLICATION_CREDENTIAL_ID: 'abc',
      BAYOU_KEYSTONE_AUTHTOKEN__APPLICATION_CREDENTIAL_SECRET: secret,
      BAYOU_KEYSTONE_AUTHTOKEN__PASSWORD: 'guess',
    });

    expect(findings.filter(({ state }) => state !== 'ok')).toEqual([]);
    expect(findings).toContainEqual(
      expect.objectContaining({ what: 'service user', found: expect.stringContaining('magnum in project service') }),
    );
    expect(leftOvers()).toEqual([]);
  });

  it('reads the right region and kind of endpoint of each service', async () => {
    const findings = await doctor.examine({ BAYOU_NOVA_CLIENT__REGION_NAME: 'Elsewhere' });

    expect(findings).toContainEqual({
      state: 'fail',
      what: 'service compute',
      found: expect.stringContaining('public interface, region Elsewhere); there is public in RegionOne'),
      remedy: expect.stringContaining('[nova_client]'),
    });
    expect(findings).toContainEqual(expect.objectContaining({ state: 'ok', what: 'service image' }));
  });
});

interface Case {
  settings?: Settings;
  fault?: Fault;
  project?: string;
  what: string;
  found: RegExp;
  remedy: RegExp;
}

const CASES: Record<string, Case> = {
  'a Keystone that is down': {
    fault: { service: 'identity', path: '^/v3$', action: { status: 503 } },
    what: 'Keystone',
    found: /answers 503/,
    remedy: /auth_url/,
  },
  'a Keystone that nobody runs': {
    settings: { BAYOU_KEYSTONE_AUTHTOKEN__AUTH_URL: 'http://127.0.0.1:1' },
    what: 'Keystone',
    found: /ECONNREFUSED/,
    remedy: /Keystone runs/,
  },
  "a service user's wrong password": {
    settings: { BAYOU_KEYSTONE_AUTHTOKEN__PASSWORD: 'guess' },
    what: 'service user',
    found: /401/,
    remedy: /\[keystone_authtoken\]/,
  },
  'a service user without the role admin': {
    settings: { BAYOU_KEYSTONE_AUTHTOKEN__USERNAME: 'demo', BAYOU_KEYSTONE_AUTHTOKEN__PROJECT_NAME: 'demo' },
    what: 'service user',
    found: /not admin$/,
    remedy: /openstack role add --user demo --project demo admin/,
  },
  "a domain admin's wrong password": {
    settings: { BAYOU_TRUST__TRUSTEE_DOMAIN_ADMIN_PASSWORD: 'guess' },
    what: 'trustee domain',
    found: /401/,
    remedy: /\[trust\]/,
  },
  'a trustee domain that there is not': {
    settings: { BAYOU_TRUST__TRUSTEE_DOMAIN_NAME: 'nowhere' },
    what: 'trustee domain',
    found: /401/,
    remedy: /trustee_domain_name/,
  },
  'a service that is down': {
    fault: { service: 'image', action: { status: 503 } },
    what: 'service image',
    found: /answers 503/,
    remedy: /the service runs/,
  },
  'a service that does not answer': {
    settings: { BAYOU_CONDUCTOR__CALL_TIMEOUT_SECONDS: '1' },
    fault: { service: 'network', action: 'hang' },
    what: 'service network',
    found: /no answer within 1000 ms/,
    remedy: /reaches http/,
  },
  'a domain admin who may make no users': {
    fault: { service: 'identity', method: 'POST', path: '/users', action: { status: 403 } },
    what: 'account: make',
    found: /403/,
    remedy: /domain admin manage users/,
  },
  'an account whose making is never answered': {
    fault: { service: 'identity', method: 'POST', path: '/users', action: 'cutAfter' },
    what: 'account: make',
    found: /no answer/,
    remedy: /domain admin/,
  },
  'a service user who may grant no roles': {
    fault: { service: 'identity', method: 'PUT', path: '/roles/', action: { status: 403 } },
    what: 'account: roles',
    found: /403/,
    remedy: /grant roles.*account_kind = trust.*takes a token of a user/,
  },
  'a service that fails when roles are granted': {
    fault: { service: 'identity', method: 'PUT', path: '/roles/', action: { status: 500 } },
    what: 'account: roles',
    found: /500/,
    remedy: /grant roles on projects \(role admin\)$/,
  },
  'a role that Keystone does not have': {
    settings: { BAYOU_TRUST__ROLES: 'member,swimmer' },
    what: 'account',
    found: /no role swimmer/,
    remedy: /\[trust\] roles/,
  },
  'a project that there is not': {
    project: 'nowhere',
    what: 'account',
    found: /no project "nowhere"/,
    remedy: /--project/,
  },
  'an account that may not use Heat': {
    fault: { service: 'orchestration', path: '/stacks', action: { status: 403 } },
    what: 'account: Heat',
    found: /403/,
    remedy: /\[trust\] roles/,
  },
  'an account that may not use Nova': {
    fault: { service: 'compute', path: '/flavors', action: { status: 403 } },
    what: 'account: Nova',
    found: /403/,
    remedy: /\[trust\] roles/,
  },
  'an account that may not use Neutron': {
    fault: { service: 'network', path: '/networks', action: { status: 403 } },
    what: 'account: Neutron',
    found: /403/,
    remedy: /\[trust\] roles/,
  },
  'an account that may not use Glance': {
    fault: { service: 'image', path: '/images', action: { status: 403 } },
    what: 'account: Glance',
    found: /403/,
    remedy: /\[trust\] roles/,
  },
  'an account that may not use Cinder': {
    fault: { service: 'block-storage', path: '/types', action: { status: 403 } },
    what: 'account: Cinder',
    found: /403/,
    remedy: /\[trust\] roles/,
  },
  'an account that may not use Octavia': {
    fault: { service: 'load-balancer', path: '/lbaas', action: { status: 403 } },
    what: 'account: Octavia',
    found: /403/,
    remedy: /\[trust\] roles/,
  },
  'an account that may not use Swift': {
    fault: { service: 'object-store', path: '/doctor-', action: { status: 403 } },
    what: 'account: Swift',
    found: /403/,
    remedy: /\[trust\] roles/,
  },
  'a public Keystone that is none': {
    settings: { BAYOU_KEYSTONE_AUTHTOKEN__WWW_AUTHENTICATE_URI: 'http://127.0.0.1:1/v3' },
    what: 'Keystone for clients',
    found: /ECONNREFUSED/,
    remedy: /www_authenticate_uri/,
  },
};

describe('the doctor says what to do about', () => {
  it.each(Object.entries(CASES))('%s', async (_, { settings = {}, fault, project, what, found, remedy }) => {
    if (fault !== undefined) doctor.cloud.faults.order(fault);

    const findings = await doctor.examine(settings, project === undefined ? {} : { project });

    expect(findings).toContainEqual({
      state: 'fail',
      what,
      found: expect.stringMatching(found),
      remedy: expect.stringMatching(remedy),
    });
    expect(JSON.stringify(findings)).not.toContain('guess');
    expect(leftOvers()).toEqual([]);
  });

  it('an account that Keystone does not let in', async () => {
    const findings = await doctor.examine(
      {},
      {
        onFinding({ what }) {
          if (what !== 'service container-infra') return;
          doctor.cloud.faults.order({ service: 'identity', path: '/auth/tokens', action: { status: 401 } });
        },
      },
    );

    expect(findings).toContainEqual(expect.objectContaining({ state: 'fail', what: 'account: log in' }));
    expect(leftOvers()).toEqual([]);
  });

  it('an account that cannot be removed, by name', async () => {
    doctor.cloud.faults.order({ service: 'identity', method: 'DELETE', path: '/users', action: { status: 403 } });

    const findings = await doctor.examine();
    const [left] = doctor.cloud.everything().users;

    expect(left).toMatch(/^doctor-/);
    expect(findings).toContainEqual({
      state: 'fail',
      what: 'account: remove',
      found: expect.stringContaining('403'),
      remedy: `remove the user ${left} of the trustee domain by hand`,
    });
    for (const { id, name } of doctor.cloud.state.identity.users.values()) {
      if (name === left) doctor.cloud.state.identity.removeUser(id);
    }
  });

  it('a clock that is two minutes wrong', async () => {
    const clock = { ...systemClock, now: () => systemClock.now() + 120_000 };

    const findings = await doctor.examine({}, { clock });

    expect(findings).toContainEqual({
      state: 'fail',
      what: 'clock',
      found: expect.stringMatching(/^Keystone's is 1(19|20|21)\.\d s behind$/),
      remedy: expect.stringContaining('NTP'),
    });
  });
});

describe('the doctor, where accounts are to work under trusts', () => {
  const settings = { BAYOU_TRUST__ACCOUNT_KIND: 'trust' };

  it('takes it for right that no roles are granted', async () => {
    doctor.cloud.faults.order({ service: 'identity', method: 'PUT', path: '/roles/', action: { status: 403 } });

    const findings = await doctor.examine(settings);

    expect(findings.filter(({ state }) => state !== 'ok')).toEqual([]);
    expect(findings).toContainEqual({
      state: 'ok',
      what: 'account: roles',
      found: expect.stringMatching(/403.*account_kind = trust.*takes a token of a user/),
    });
    expect(leftOvers()).toEqual([]);
  });

  it('says that the other kind is the better one where it works', async () => {
    const findings = await doctor.examine(settings);

    expect(findings.filter(({ state }) => state !== 'ok')).toEqual([
      {
        state: 'warn',
        what: 'account: kind',
        found: expect.stringContaining('may grant roles'),
        remedy: expect.stringContaining('account_kind = user'),
      },
    ]);
    expect(findings).toContainEqual(expect.objectContaining({ state: 'ok', what: 'account: Heat' }));
    expect(leftOvers()).toEqual([]);
  });
});

describe('an examination', () => {
  it('does not check what needs a thing that failed', async () => {
    const findings = await doctor.examine({ BAYOU_KEYSTONE_AUTHTOKEN__AUTH_URL: 'http://127.0.0.1:1' });

    expect(findings).toContainEqual({
      state: 'warn',
      what: 'account',
      found: 'not checked',
      remedy: 'mend first: service user',
    });
  });

  it('that is broken off removes the account that it made', async () => {
    const abort = new AbortController();
    doctor.cloud.faults.order({ service: 'orchestration', path: '/stacks', action: 'hang' });
    const examined = doctor.examine({}, { signal: abort.signal });

    await until(() => doctor.cloud.everything().users.length > 0 && doctor.cloud.faults.left() === 0);
    abort.abort(new Error('broken off'));
    const findings = await examined;

    expect(findings.at(-1)).toEqual({ state: 'ok', what: 'account: remove', found: 'nothing is left' });
    expect(leftOvers()).toEqual([]);
  });
});
