import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { loadConfig } from '../../common/config/load.js';
import type { Config } from '../../common/config/schema.js';
import { ServiceError } from '../../common/errors.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Settings of `[keystone_authtoken]` by their names in `OS_*` and in clouds.yaml. */
const SAME_NAME =
  'auth_url username user_id password application_credential_id application_credential_secret project_name project_id user_domain_name user_domain_id project_domain_name project_domain_id region_name interface';
const NAMES: Record<string, string> = {
  ...Object.fromEntries(SAME_NAME.split(' ').map((name) => [name, name])),
  cacert: 'cafile',
  cert: 'certfile',
  key: 'keyfile',
};

/**
 * Who puts files into Swift: whoever runs the command, by `OS_CLOUD` and clouds.yaml or by `OS_*`; else Bayou's service
 * user.
 * @throws ServiceError `invalid` that says what is missing
 */
export function mirrorLogin(config: Config, environment: Environment): Config {
  const given = givenLogin(environment);
  if (given !== undefined) {
    const settings = Object.entries(NAMES).flatMap(([name, key]) =>
      given[name] === undefined ? [] : [[`BAYOU_KEYSTONE_AUTHTOKEN__${key.toUpperCase()}`, given[name]]],
    );
    return loadConfig(undefined, Object.fromEntries(settings)).config;
  }
  if (config.keystoneAuthtoken.authUrl !== undefined) return config;
  throw new ServiceError(
    'invalid',
    'There is no cloud for the container: set OS_CLOUD or OS_AUTH_URL with a login, or [keystone_authtoken] auth_url. A folder is named with a slash in it, as ./mirror.',
  );
}

function givenLogin(environment: Environment): Record<string, string | undefined> | undefined {
  if (environment.OS_CLOUD !== undefined) return cloudOf(environment, environment.OS_CLOUD);
  if (environment.OS_AUTH_URL === undefined) return undefined;
  return Object.fromEntries(Object.keys(NAMES).map((name) => [name, environment[`OS_${name.toUpperCase()}`]]));
}

const texts = z.record(z.string(), z.unknown());
const cloudsSchema = z.object({ clouds: z.record(z.string(), texts) });

/** Looked for where OpenStack's clients look (openstacksdk, "Configuring OpenStack SDK Applications"). */
function cloudOf(environment: Environment, name: string): Record<string, string | undefined> {
  const places = [
    environment.OS_CLIENT_CONFIG_FILE ?? 'clouds.yaml',
    join(homedir(), '.config/openstack/clouds.yaml'),
    '/etc/openstack/clouds.yaml',
  ];
  const file = places.find((place) => existsSync(place));
  if (file === undefined) throw new ServiceError('invalid', 'OS_CLOUD is set, but there is no clouds.yaml.');
  const parsed = cloudsSchema.safeParse(parse(readFileSync(file, 'utf8'), { merge: true }));
  const cloud = parsed.success ? parsed.data.clouds[name] : undefined;
  if (cloud === undefined) throw new ServiceError('invalid', `${file} has no cloud ${name}.`);
  const { auth, ...rest } = cloud;
  const values = Object.entries({ ...rest, ...texts.catch({}).parse(auth) });
  return Object.fromEntries(values.map(([key, value]) => [key, typeof value === 'string' ? value : undefined]));
}
