import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

/** The real cloud that the suite runs against, and what it uses of it. */
export interface CloudTarget {
  authUrl: string;
  region: string | undefined;
  cafile: string | undefined;
  /** As Bayou's configuration names them: the service user (role admin) and the admin of the accounts' domain. */
  serviceUser: { name: string; password: string; projectName: string };
  domainAdmin: { name: string; password: string; domainName: string };
  /** Its servers run nothing: their nodes are played. */
  image: string;
  flavor: string;
  externalNetwork: string;
  /** Clusters of machines that boot, where the cloud has such. */
  booted: BootedTarget | undefined;
}

export interface BootedTarget {
  image: string;
  flavor: string;
  /** Where nodes reach this machine. Its port is the one that the node listener takes. */
  listenerUrl: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

const authSchema = z.object({ auth_url: z.string().min(1), password: z.string().min(1) });
const cloudSchema = z.object({
  auth: authSchema,
  region_name: z.string().optional(),
  cacert: z.string().optional(),
});

/**
 * The cloud is named by `OS_*`, or by `OS_CLOUD` and a clouds.yaml, as for OpenStack's own clients. The suite works as
 * the service user, so that any user's `OS_*` will do; where its password is not given it is taken for the same.
 * @throws Error that says what is missing.
 */
export function readTarget(environment: Environment): CloudTarget {
  const { auth, region_name: region, cacert: cafile } = namedCloud(environment);
  const setting = (name: string, otherwise: string) => environment[name] ?? otherwise;
  return {
    authUrl: auth.auth_url,
    region,
    cafile,
    serviceUser: {
      name: setting('BAYOU_KEYSTONE_AUTHTOKEN__USERNAME', 'magnum'),
      password: setting('BAYOU_KEYSTONE_AUTHTOKEN__PASSWORD', auth.password),
      projectName: setting('BAYOU_KEYSTONE_AUTHTOKEN__PROJECT_NAME', 'service'),
    },
    domainAdmin: {
      name: setting('BAYOU_TRUST__TRUSTEE_DOMAIN_ADMIN_NAME', 'magnum_domain_admin'),
      password: setting('BAYOU_TRUST__TRUSTEE_DOMAIN_ADMIN_PASSWORD', auth.password),
      domainName: setting('BAYOU_TRUST__TRUSTEE_DOMAIN_NAME', 'magnum'),
    },
    image: setting('BAYOU_CLOUD_IMAGE', 'ubuntu-fake'),
    flavor: setting('BAYOU_CLOUD_FLAVOR', 'm1.tiny'),
    externalNetwork: setting('BAYOU_CLOUD_EXTERNAL_NETWORK', 'public'),
    booted: bootedTarget(environment),
  };
}

function bootedTarget(environment: Environment): BootedTarget | undefined {
  const { BAYOU_CLOUD_BOOTED_IMAGE: image, BAYOU_CLOUD_LISTENER_URL: listenerUrl } = environment;
  if (image === undefined) return undefined;
  if (listenerUrl === undefined) {
    throw new Error('BAYOU_CLOUD_BOOTED_IMAGE needs BAYOU_CLOUD_LISTENER_URL, https://host:port as nodes reach it');
  }
  return { image, listenerUrl, flavor: environment.BAYOU_CLOUD_BOOTED_FLAVOR ?? 'm1.small' };
}

function namedCloud(environment: Environment): z.output<typeof cloudSchema> {
  const { OS_CLOUD: name, OS_AUTH_URL, OS_PASSWORD, OS_REGION_NAME, OS_CACERT } = environment;
  const source =
    name === undefined
      ? { auth: { auth_url: OS_AUTH_URL, password: OS_PASSWORD }, region_name: OS_REGION_NAME, cacert: OS_CACERT }
      : cloudsFile(environment).clouds[name];
  const parsed = cloudSchema.safeParse(source);
  if (parsed.success) return parsed.data;
  throw new Error(
    name === undefined
      ? 'No cloud: set OS_AUTH_URL and OS_PASSWORD (". openrc"), or OS_CLOUD to a name in clouds.yaml'
      : `No cloud: clouds.yaml has no ${name} with auth_url and password`,
  );
}

const cloudsSchema = z.object({ clouds: z.record(z.string(), z.unknown()) });

/** Looked for where OpenStack's clients look (openstacksdk, "Configuring OpenStack SDK Applications"). */
function cloudsFile(environment: Environment): z.output<typeof cloudsSchema> {
  const places = [
    environment.OS_CLIENT_CONFIG_FILE ?? 'clouds.yaml',
    join(homedir(), '.config/openstack/clouds.yaml'),
    '/etc/openstack/clouds.yaml',
  ];
  const file = places.find((place) => existsSync(place));
  if (file === undefined) throw new Error('No cloud: OS_CLOUD is set, but there is no clouds.yaml');
  return cloudsSchema.parse(parse(readFileSync(file, 'utf8'), { merge: true }));
}
