import type { IniFile } from './ini.js';

const APPLICATION_CREDENTIAL = ['application_credential_id', 'application_credential_secret'] as const;

/**
 * The keys by which keystoneauth logs a service user in; they are taken together from one section. `default_domain_*`
 * stands for both domains, where they are not named.
 */
export const IDENTITY_KEYS: readonly string[] = [
  'auth_type',
  'auth_url',
  'username',
  'user_id',
  'password',
  ...APPLICATION_CREDENTIAL,
  'user_domain_id',
  'user_domain_name',
  'project_id',
  'project_name',
  'project_domain_id',
  'project_domain_name',
];

const SERVICE_USER = 'keystone_auth';
const TOKEN_CHECK = 'keystone_authtoken';

/**
 * Magnum logs in with [keystone_auth], with [keystone_authtoken] where the former has no secret, and either may name
 * a section that holds the keys (`auth_section`). Leaves one identity in the file, without `auth_section`, and returns
 * what is wrong with it.
 */
export function resolveIdentity(file: IniFile): string[] {
  const problems = [SERVICE_USER, TOKEN_CHECK].flatMap((section) => followSection(file, section));
  for (const section of [SERVICE_USER, TOKEN_CHECK]) spreadDefaultDomain(file.get(section));
  const [serviceUser, tokenCheck] = [file.get(SERVICE_USER), file.get(TOKEN_CHECK)];
  if (serviceUser !== undefined && tokenCheck !== undefined) {
    const [used, unused] = hasSecret(serviceUser) ? [serviceUser, tokenCheck] : [tokenCheck, serviceUser];
    for (const key of IDENTITY_KEYS) if (key !== 'auth_url' || used.has(key)) unused.delete(key);
  }
  for (const values of [serviceUser, tokenCheck]) keepOneLogin(values);
  return problems;
}

function hasSecret(values: Map<string, string>): boolean {
  return values.has('password') || values.has('application_credential_secret');
}

/** An application credential goes before a password, unless `auth_type` says that it is not meant. */
function keepOneLogin(values: Map<string, string> | undefined): void {
  if (!/password$/.test(values?.get('auth_type') ?? '')) return;
  for (const key of APPLICATION_CREDENTIAL) values?.delete(key);
}

function followSection(file: IniFile, section: string): string[] {
  const values = file.get(section);
  const name = values?.get('auth_section');
  values?.delete('auth_section');
  if (values === undefined || name === undefined || name === section) return [];
  const named = file.get(name);
  if (named === undefined) return [`[${section}] auth_section: there is no section [${name}]`];
  for (const key of IDENTITY_KEYS) values.delete(key);
  const isShared = name === SERVICE_USER || name === TOKEN_CHECK;
  for (const [key, value] of named) if (!isShared || IDENTITY_KEYS.includes(key)) values.set(key, value);
  if (!isShared) file.delete(name);
  return [];
}

function spreadDefaultDomain(values: Map<string, string> | undefined): void {
  if (values === undefined) return;
  for (const kind of ['id', 'name']) {
    const domain = values.get(`default_domain_${kind}`);
    values.delete(`default_domain_${kind}`);
    if (domain === undefined) continue;
    for (const whose of ['user', 'project']) {
      const isNamed = values.has(`${whose}_domain_id`) || values.has(`${whose}_domain_name`);
      if (!isNamed) values.set(`${whose}_domain_${kind}`, domain);
    }
  }
}
