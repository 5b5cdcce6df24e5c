import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LoadedConfig, loadConfig } from '../../common/config/load.js';
import { MAGNUM_KEYS } from '../../common/config/magnum-keys.js';
import { sectionFields } from '../../common/config/meanings.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bayou-drop-in-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function load(...lines: string[]): LoadedConfig {
  const path = join(folder, 'magnum.conf');
  writeFileSync(path, lines.join('\n'));
  return loadConfig(path, {});
}

const SERVICE_USER = [
  'auth_type = password',
  'auth_url = http://keystone:5000',
  'username = magnum',
  'password = new',
  'project_name = services',
  'user_domain_id = default',
  'project_domain_name = Staff',
];
const AS_SERVICE_USER = {
  authUrl: 'http://keystone:5000',
  username: 'magnum',
  password: 'new',
  projectName: 'services',
  userDomainId: 'default',
  projectDomainName: 'Staff',
};

describe("Magnum's service user", () => {
  it('is the one of [keystone_auth] as a whole, whatever [keystone_authtoken] says', () => {
    const { config } = load(
      '[keystone_authtoken]',
      'user_id = another',
      'password = old',
      'project_id = other',
      '[keystone_auth]',
      ...SERVICE_USER,
      'region_name = North',
    );

    expect(config.keystoneAuthtoken).toMatchObject({ ...AS_SERVICE_USER, regionName: 'North' });
    expect(config.keystoneAuthtoken).not.toHaveProperty('userId');
    expect(config.keystoneAuthtoken).not.toHaveProperty('projectId');
  });

  it('is the one of [keystone_authtoken] where [keystone_auth] has no password', () => {
    const { config } = load('[keystone_auth]', 'username = half', '[keystone_authtoken]', ...SERVICE_USER);

    expect(config.keystoneAuthtoken).toMatchObject(AS_SERVICE_USER);
  });

  it('is looked up in the section that auth_section names', () => {
    const shared = load(
      '[keystone_auth]',
      'auth_section = keystone_authtoken',
      '[keystone_authtoken]',
      ...SERVICE_USER,
    );
    const own = load('[keystone_auth]', 'auth_section = service_user', '[service_user]', ...SERVICE_USER);

    expect(shared.config.keystoneAuthtoken).toMatchObject(AS_SERVICE_USER);
    expect(own.config.keystoneAuthtoken).toMatchObject(AS_SERVICE_USER);
    expect(() => load('[keystone_auth]', 'auth_section = nowhere')).toThrow(
      '[keystone_auth] auth_section: there is no section [nowhere]',
    );
  });

  it('is in the default domain where no other is named', () => {
    const { config } = load('[keystone_auth]', 'password = x', 'default_domain_id = d', 'user_domain_name = Staff');

    expect(config.keystoneAuthtoken).toMatchObject({ userDomainName: 'Staff', projectDomainId: 'd' });
    expect(config.keystoneAuthtoken.userDomainId).toBeUndefined();
  });

  it.each([
    ['www_authenticate_uri = http://k:5000/v3', 'http://k:5000/v3'],
    ['auth_uri = http://k:5000/v2.0', 'http://k:5000/v3'],
  ])("is known to the clients' Keystone where there is only %s", (line, authUrl) => {
    expect(load('[keystone_authtoken]', line, 'password = x').config.keystoneAuthtoken.authUrl).toBe(authUrl);
  });

  it('may log in by an application credential, in whichever of the two sections', () => {
    const credential = ['application_credential_id = abc', 'application_credential_secret = s3'];
    const login = { applicationCredentialId: 'abc', applicationCredentialSecret: 's3' };
    const typed = ['auth_type = v3applicationcredential', ...credential];

    expect(load('[keystone_authtoken]', ...typed).config.keystoneAuthtoken).toMatchObject(login);
    const both = load('[keystone_auth]', ...typed, '[keystone_authtoken]', ...SERVICE_USER).config.keystoneAuthtoken;
    expect(both).toMatchObject(login);
    expect(both.password).toBeUndefined();
    const byPassword = load('[keystone_auth]', ...SERVICE_USER, ...credential).config.keystoneAuthtoken;
    expect(byPassword).toMatchObject(AS_SERVICE_USER);
    expect(byPassword.applicationCredentialId).toBeUndefined();
  });

  it('cannot log in by a token', () => {
    expect(() => load('[keystone_auth]', 'auth_type = v3token')).toThrow(
      '[keystone_auth] auth_type: "v3token" is not possible here: the service user logs in with its password',
    );
  });
});

describe("Magnum's other sections", () => {
  it("say for each service its region, kind of endpoint and certificates, in Magnum's words", () => {
    const { config } = load(
      '[heat_client]',
      'region_name = North',
      'endpoint_type = internalURL',
      'ca_file = /etc/ssl/heat.pem',
      '[nova_client]',
      'endpoint_type = admin',
      'insecure = True',
    );

    expect(config.heatClient).toMatchObject({
      regionName: 'North',
      endpointType: 'internal',
      caFile: '/etc/ssl/heat.pem',
      insecure: false,
    });
    expect(config.novaClient).toMatchObject({ endpointType: 'admin', insecure: true });
  });

  it("have references to other settings resolved, as oslo.config's are", () => {
    const { config } = load(
      '[DEFAULT]',
      'state_path = $pybasedir/state',
      'pybasedir = /srv',
      'host = $host',
      '[bayou]',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: oslo.config's own form.
      'secret_key_file = ${state_path}/key',
      '[trust]',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the same.
      'trustee_domain_admin_name = ${api.host}-$unknown',
      'trustee_domain_admin_password = pa$$word\\$1',
      '[api]',
      'host = ::1',
    );

    expect(config.bayou.secretKeyFile).toBe('/srv/state/key');
    expect(config.general.host).toBe('$host');
    expect(config.trust.trusteeDomainAdminName).toBe('::1-$unknown');
    expect(config.trust.trusteeDomainAdminPassword).toBe('pa$word$1');
  });

  it('of old releases keep their meaning, but a setting under its own name wins', () => {
    expect(load('[bay_heat]', 'bay_create_timeout = 30').config.clusterHeat.createTimeout).toBe(30);
    const { config } = load(
      '[keystone_authtoken]',
      'auth_uri = http://old',
      'www_authenticate_uri = http://new',
      '[oslo_messaging_rabbit]',
      'rabbit_use_ssl = true',
    );

    expect(config.keystoneAuthtoken.wwwAuthenticateUri).toBe('http://new');
    expect(config.osloMessagingRabbit.ssl).toBe(true);
  });

  it('are passed over where they mean nothing, with the reason, and with a warning where they ask for more', () => {
    const { passedOver } = load(
      '[DEFAULT]',
      'log_file = x',
      '[cluster]',
      'nodes_affinity_policy = anti-affinity',
      '[cinder]',
      'default_docker_volume_type =',
      '[profiler]',
      'enabled = true',
      '[oslo_concurrency]',
    );

    expect(passedOver).toEqual([
      { setting: '[DEFAULT] log_file', because: expect.any(String), missed: false },
      { setting: '[cluster] nodes_affinity_policy', because: expect.any(String), missed: true },
      { setting: '[profiler]', because: 'a section of a library', missed: false },
      { setting: '[oslo_concurrency]', because: 'a section of a library', missed: false },
    ]);
  });

  it('of the policy and of CORS are all understood', () => {
    const { config, passedOver } = load(
      '[DEFAULT]',
      'policy_default_rule = mine',
      '[oslo_policy]',
      'enforce_scope = true',
      'enforce_new_defaults = True',
      'policy_file = policy.json',
      'policy_dirs = one',
      'remote_content_type = application/json',
      'remote_ssl_verify_server_crt = false',
      'remote_ssl_ca_crt_file = x',
      '[cors]',
      'allowed_origin = https://one.example, https://two.example:8443',
      'allow_credentials = false',
      'expose_headers =',
      'max_age = 10',
      'allow_methods = GET,PUT',
      'allow_headers = X-Auth-Token',
      '[oslo_middleware]',
      'enable_proxy_headers_parsing = True',
      'max_request_body_size = 114688',
    );

    expect(config.osloPolicy).toEqual({
      enforceScope: true,
      enforceNewDefaults: true,
      policyFile: join(folder, 'policy.json'),
      policyDirs: [join(folder, 'one')],
      policyDefaultRule: 'mine',
    });
    expect(config.cors).toEqual({
      allowedOrigin: ['https://one.example', 'https://two.example:8443'],
      allowCredentials: false,
      exposeHeaders: [],
      maxAge: 10,
      allowMethods: ['GET', 'PUT'],
      allowHeaders: ['X-Auth-Token'],
    });
    expect(config.osloMiddleware.enableProxyHeadersParsing).toBe(true);
    expect(passedOver.map(({ missed }) => missed)).toEqual([false, false, false, false]);
  });

  it('are refused where they ask for a safety that is not there', () => {
    expect(load('[api]', 'enabled_ssl = False').passedOver).toHaveLength(1);
    expect(() => load('[api]', 'enabled_ssl = True')).toThrow('[api] enabled_ssl: "True" is not possible here');
  });

  it.each([
    ['[trust]', 'trustee_domain_admin_pasword = x', 'did you mean "trustee_domain_admin_password"?'],
    ['[cluster]', 'temp_cach_dir = x', 'did you mean "temp_cache_dir"?'],
    ['[DEFAULT]', 'connection = mysql://x', 'did you mean [database] connection?'],
    ['[api]', 'colour_of_links = red', 'neither Bayou nor Magnum has it: take it out'],
  ])('have a slip named: %s %s', (section, line, advice) => {
    expect(() => load(section, line)).toThrow(`${section} ${line.split(' ')[0]}: no such setting; ${advice}`);
  });

  it("have a slip of a section's own name told", () => {
    expect(() => load('[databse]', 'connection = x')).toThrow('[databse]: no such section; did you mean [database]?');
  });
});

describe("the table of Magnum's settings", () => {
  const names = MAGNUM_KEYS.flatMap(({ section, keys }) => keys.split(' ').map((key) => `[${section}] ${key}`));

  it('has no setting twice, and none that is also our own', () => {
    const ours = MAGNUM_KEYS.flatMap(({ section, keys }) =>
      keys.split(' ').filter((key) => sectionFields(section)?.[key] !== undefined),
    );

    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
    expect(ours).toEqual([]);
  });

  it('maps only to settings that there are', () => {
    const targets = MAGNUM_KEYS.flatMap((row) =>
      'is' in row ? row.keys.split(' ').map((key) => row.is.replace('*', key)) : [],
    );
    const missing = targets.filter((target) => {
      const [section = '', key = ''] = target.split('.');
      return sectionFields(section)?.[key] === undefined;
    });

    expect(targets.length).toBeGreaterThan(0);
    expect(missing).toEqual([]);
  });
});
