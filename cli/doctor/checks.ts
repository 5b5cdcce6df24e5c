import { checkAccount } from './account.js';
import { checkRabbit, checkRedis } from './brokers.js';
import { checkCatalog } from './catalog.js';
import { type Check, type Finding, ok, type Patient, warn } from './check.js';
import { checkDatabase, checkSecretKey } from './database.js';
import { checkClock, checkDomainAdmin, checkKeystone, checkServiceUser } from './keystone.js';
import { checkNodeListener, checkPublicKeystone, checkRegistries } from './node-addresses.js';
import { checkPolicy } from './policy.js';

/** What `bayou doctor` looks at, in this order. */
export const CHECKS: readonly Check[] = [
  {
    name: 'configuration',
    remedy: 'mend what is named here',
    run: async (patient) => checkConfiguration(patient),
  },
  { name: 'policy', remedy: 'mend what is named here', run: async (patient) => checkPolicy(patient) },
  {
    name: 'database',
    remedy:
      'see that the server runs, that the database exists, and that [database] connection names it with user and password',
    run: checkDatabase,
  },
  {
    name: 'secret key',
    needs: ['database'],
    remedy: 'set [bayou] secret_key_file to a file with 32 bytes as base64 that Bayou may read',
    run: checkSecretKey,
  },
  {
    name: 'RabbitMQ',
    remedy: 'write [DEFAULT] transport_url as rabbit://user:password@host:5672/vhost',
    run: checkRabbit,
  },
  { name: 'Redis', remedy: 'write [scheduler] redis_url as redis://host:6379/0', run: checkRedis },
  {
    name: 'Keystone',
    remedy: 'see that Keystone runs and that [keystone_authtoken] auth_url and cafile are right',
    run: checkKeystone,
  },
  {
    name: 'service user',
    needs: ['Keystone'],
    remedy:
      'set username, password, project_name and their domains, or application_credential_id and its secret, in [keystone_authtoken] to a user with the role admin',
    run: checkServiceUser,
  },
  { name: 'clock', needs: ['service user'], remedy: 'see that Keystone answers', run: checkClock },
  {
    name: 'trustee domain',
    needs: ['Keystone'],
    remedy:
      'set trustee_domain_name, trustee_domain_admin_name and trustee_domain_admin_password in [trust] to a domain and its admin',
    run: checkDomainAdmin,
  },
  {
    name: 'services',
    needs: ['service user'],
    remedy: 'see that the services of the catalog answer',
    limitMs: 30_000,
    run: checkCatalog,
  },
  {
    name: 'account',
    needs: ['service user', 'trustee domain', 'services'],
    remedy: 'name a project and roles that there are (--project, [trust] roles)',
    limitMs: 60_000,
    run: checkAccount,
  },
  {
    name: 'node listener',
    remedy: 'set [node_listener] public_url to an address that servers of the cloud reach',
    run: checkNodeListener,
  },
  {
    name: 'Keystone for clients',
    needs: ['Keystone'],
    remedy: 'set [keystone_authtoken] www_authenticate_uri to the public address of Keystone v3',
    run: checkPublicKeystone,
  },
  {
    name: 'addresses for registries',
    needs: ['service user'],
    remedy: 'see that Keystone answers',
    run: checkRegistries,
  },
];

function checkConfiguration({ loaded: { passedOver } }: Patient): Finding[] {
  const meaningless = passedOver.filter(({ missed }) => !missed);
  const missed = passedOver.filter((setting) => setting.missed);
  const rest = meaningless.length === 0 ? '' : `; ${meaningless.length} passed over`;
  return [
    ok('configuration', `complete${rest}`),
    ...missed.map(({ setting, because }) =>
      warn('configuration', `${setting} is passed over: ${because}`, 'take it out if you can do without it'),
    ),
  ];
}
