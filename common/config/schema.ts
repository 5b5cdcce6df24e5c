import { z } from 'zod';

/**
 * Every setting there is: section, key, type, default, bounds and help in one place. The file's
 * sections and names are Magnum's where the meaning is the same. `bayou config sample` prints it.
 */

const WORDS_OF_TRUTH: Record<string, boolean> = {
  true: true,
  '1': true,
  yes: true,
  on: true,
  false: false,
  '0': false,
  no: false,
  off: false,
};

const text = (help: string) => z.string().min(1).optional().describe(help);
const textOr = (byDefault: string, help: string) => z.string().min(1).default(byDefault).describe(help);
const port = (byDefault: number, help: string) =>
  z.coerce.number().int().min(0).max(65535).default(byDefault).describe(help);
const whole = (byDefault: number, min: number, max: number, help: string) =>
  z.coerce.number().int().min(min).max(max).default(byDefault).describe(help);
const flag = (byDefault: boolean, help: string) =>
  z
    .preprocess(
      (value) => (typeof value === 'string' ? (WORDS_OF_TRUTH[value.toLowerCase()] ?? value) : value),
      z.boolean(),
    )
    .default(byDefault)
    .describe(help);
const list = (byDefault: string[], help: string) =>
  z
    .preprocess(
      (value) =>
        typeof value === 'string'
          ? value
              .split(/[,\n]/)
              .map((item) => item.trim())
              .filter((item) => item !== '')
          : value,
      z.array(z.string()),
    )
    .default(byDefault)
    .describe(help);

/** Keystone's names of the kinds of endpoints, and Magnum's older ones (`publicURL`). */
const endpointKind = z.preprocess(
  (value) => (typeof value === 'string' ? value.replace(/URL$/, '').toLowerCase() : value),
  z.enum(['public', 'internal', 'admin']),
);

/** How one service is reached, where it differs from `[keystone_authtoken]`. */
const clientSection = (service: string) =>
  z.object({
    region_name: text(`Region of ${service}. Default: [keystone_authtoken] region_name.`),
    endpoint_type: endpointKind
      .optional()
      .describe(`Kind of ${service}'s endpoint. Default: [keystone_authtoken] interface.`),
    ca_file: text(`Certificates that sign ${service}'s endpoint, PEM. Default: [keystone_authtoken] cafile.`),
    cert_file: text(`Client certificate for ${service}, PEM. Default: [keystone_authtoken] certfile.`),
    key_file: text('Its key. Default: [keystone_authtoken] keyfile.'),
    insecure: flag(false, `Do not check the certificate of ${service}'s endpoint. Never in production.`),
  });

export const configSchema = z.object({
  DEFAULT: z.object({
    host: text('Name of this machine in the list of services. Default: the host name.'),
    debug: flag(false, 'Log at level debug instead of info.'),
    state_path: textOr('./var', 'Folder for the SQLite file and the secret key, where they are not named elsewhere.'),
    transport_url: text('RabbitMQ as rabbit://user:password@host:5672/vhost. Unset: jobs stay in this process.'),
    service_down_time: whole(180, 10, 86_400, 'Seconds without a sign of life until a conductor counts as down.'),
  }),
  api: z.object({
    host: textOr('127.0.0.1', 'Address the API listens on.'),
    port: port(9511, 'Port of the API; 0 takes a free one.'),
    max_limit: whole(1000, 1, 10_000, 'Most items in one page of a list.'),
    max_body_bytes: whole(1_048_576, 1024, 16_777_216, 'Largest request body.'),
    request_timeout_seconds: whole(60, 1, 600, 'A request that takes longer is cut off.'),
    bay_wait_seconds: whole(
      30,
      0,
      300,
      'How long POST /v1/bays waits for the stack at 1.1; never beyond request_timeout_seconds less 5.',
    ),
    highest_microversion: z
      .string()
      .regex(/^1\.([1-9]|1[0-4])$/)
      .default('1.14')
      .describe('Highest microversion offered, 1.1 to 1.14. Clients of 2022 lose stack_id from 1.13 on.'),
    public_endpoint: text('URL under which clients see the API, for links behind a proxy. Default: as requested.'),
  }),
  node_listener: z.object({
    host: textOr('127.0.0.1', 'Address the node listener (mutual TLS) listens on.'),
    port: port(9512, 'Port of the node listener; 0 takes a free one.'),
    public_url: text('URL under which nodes reach it, https://host:port. Default: its own address.'),
    heartbeat_seconds: whole(30, 1, 300, 'How often a node says that it is there.'),
    certificate_days: whole(30, 1, 365, "Lifetime of a node's own client certificate."),
    max_requests_per_minute: whole(240, 10, 10_000, 'Requests taken from one node per minute.'),
    max_body_bytes: whole(65_536, 4096, 1_048_576, 'Largest body a node may send.'),
  }),
  metrics: z.object({
    host: textOr('127.0.0.1', 'Address of the Prometheus endpoint.'),
    port: port(9513, 'Port of the Prometheus endpoint; 0 takes a free one.'),
    enabled: flag(true, 'Serve /metrics.'),
  }),
  database: z.object({
    connection: text(
      'mysql+pymysql://user:password@host/name or sqlite:///path. Default: bayou.sqlite under state_path.',
    ),
    max_pool_size: whole(10, 2, 200, 'Connections to MariaDB per process.'),
  }),
  preflight: z.object({
    max_stacks_per_project: whole(512, -1, 1_000_000, "Heat's max_stacks_per_tenant; -1 is no limit."),
    max_resources_per_stack: whole(1000, -1, 1_000_000, "Heat's max_resources_per_stack; -1 is no limit."),
  }),
  conductor: z.object({
    concurrency: whole(20, 1, 500, 'Operations one conductor works on at the same time.'),
    lease_seconds: whole(15, 3, 300, 'How long a conductor owns a cluster without renewing.'),
    sweep_seconds: whole(5, 1, 60, 'How often it looks for operations that nobody was told about.'),
    poll_seconds: whole(2, 1, 60, 'How often a stack or server in progress is looked at.'),
    call_timeout_seconds: whole(10, 1, 60, 'Longest call to an OpenStack service.'),
    blocked_hours: whole(24, 1, 720, 'How long a deadline may stand still while someone else must act.'),
    history_days: whole(30, 1, 3650, 'How long operations and events of a deleted cluster stay readable.'),
  }),
  diagnostics: z.object({
    automatic: flag(true, 'Collect the journals of the nodes of a cluster whose create has failed, by itself.'),
    ssh: z
      .enum(['off', 'floating', 'all'])
      .default('floating')
      .describe(
        'Ask nodes that no longer report over SSH: at floating addresses (nodes without one through a master that has one), at all addresses (where conductors are routed to the networks of clusters), or off.',
      ),
    keep_days: whole(7, 1, 90, 'How long what was collected is kept.'),
  }),
  scheduler: z.object({
    redis_url: text('Redis for Bull, as redis://host:6379/0. Unset: timers in this process.'),
  }),
  keystone_authtoken: z.object({
    auth_url: text('Keystone, with or without /v3. Unset: the development cloud is started (bayou all only).'),
    www_authenticate_uri: text('Keystone as clients and nodes see it. Default: auth_url.'),
    username: textOr('magnum', 'The service user.'),
    user_id: text('The same by id.'),
    password: text("The service user's password."),
    application_credential_id: text('Logs the service user in, in place of name, password and project.'),
    application_credential_secret: text('Its secret.'),
    project_name: textOr('service', "The service user's project."),
    project_id: text('The same by id.'),
    user_domain_name: textOr('Default', "Domain of the service user's name."),
    user_domain_id: text('The same by id.'),
    project_domain_name: textOr('Default', 'Domain of the project name.'),
    project_domain_id: text('The same by id.'),
    region_name: text('Region whose endpoints are used. Default: the first one in the catalog.'),
    interface: endpointKind.default('public').describe('Kind of endpoint that Bayou itself uses.'),
    cafile: text("Certificates that sign the endpoints, PEM. Default: the system's."),
    certfile: text('Client certificate for the endpoints, PEM.'),
    keyfile: text('Its key.'),
    insecure: flag(false, 'Do not check the certificates of endpoints. Never in production.'),
    token_cache_time: whole(300, 0, 3600, 'Seconds that a validated token is trusted without asking again.'),
    jws_public_key_repository: text(
      "Folder with Keystone's public keys ([jwt_tokens] of keystone.conf, same name): a JWS token that none of them signed, or that has expired, is refused without asking Keystone.",
    ),
  }),
  oslo_policy: z.object({
    enforce_scope: flag(false, 'Refuse tokens of the whole system and of domains where a project is needed.'),
    enforce_new_defaults: flag(false, "Only Magnum's default policy of 2023.2 holds, not the older one beside it."),
    policy_file: text('Changed rules, YAML or JSON; relative to this file. Default: policy.yaml or policy.json.'),
    policy_default_rule: textOr('default', 'Rule that holds where another refers to one that there is not.'),
    policy_dirs: list([], 'Folders of more such files, over policy_file. Default: policy.d.'),
  }),
  cors: z.object({
    allowed_origin: list([], 'Origins whose pages may read answers, as https://host[:port], or *. Empty: none.'),
    allow_credentials: flag(true, 'Such pages may send credentials of the browser.'),
    expose_headers: list(
      ['X-Auth-Token', 'X-Subject-Token', 'X-Service-Token', 'X-OpenStack-Request-ID', 'X-Server-Management-Url'],
      'Headers of answers that they may read.',
    ),
    max_age: whole(3600, 0, 31_536_000, 'Seconds for which a browser keeps the answer to a preflight.'),
    allow_methods: list(['GET', 'PUT', 'POST', 'DELETE', 'PATCH'], 'Methods that they may use.'),
    allow_headers: list(
      [
        'X-Auth-Token',
        'X-Identity-Status',
        'X-Roles',
        'X-Service-Catalog',
        'X-User-Id',
        'X-Tenant-Id',
        'X-OpenStack-Request-ID',
        'X-Server-Management-Url',
      ],
      'Headers that they may send, beside the simple ones.',
    ),
  }),
  oslo_middleware: z.object({
    enable_proxy_headers_parsing: flag(
      false,
      'Believe a proxy in front about scheme, host and prefix of links (Forwarded, X-Forwarded-*).',
    ),
  }),
  trust: z.object({
    trustee_domain_id: text('Domain of the accounts of clusters.'),
    trustee_domain_name: textOr('magnum', 'The same by name.'),
    trustee_domain_admin_id: text('User who makes the accounts.'),
    trustee_domain_admin_name: textOr('magnum_domain_admin', 'The same by name.'),
    trustee_domain_admin_domain_id: text("Domain of that user's name. Default: the trustee domain."),
    trustee_domain_admin_domain_name: text('The same by name.'),
    trustee_domain_admin_password: text("That user's password."),
    account_kind: z
      .enum(['user', 'trust'])
      .default('user')
      .describe(
        'How accounts of new clusters get their rights: user, roles that the service user grants; trust, a trust of the creator, where it may not grant any.',
      ),
    roles: list([], "Names of the roles that a cluster's account gets. Empty: the creator's, as far as allowed_roles."),
    allowed_roles: list(
      ['member', '_member_', 'reader', 'heat_stack_owner', 'load-balancer_member', 'creator', 'swiftoperator'],
      "Of the creator's roles, those that an account may get.",
    ),
  }),
  glance_client: clientSection('Glance'),
  nova_client: clientSection('Nova'),
  neutron_client: clientSection('Neutron'),
  heat_client: clientSection('Heat'),
  cinder_client: clientSection('Cinder'),
  barbican_client: clientSection('Barbican'),
  octavia_client: clientSection('Octavia'),
  oslo_messaging_rabbit: z.object({
    ssl: flag(false, 'Reach RabbitMQ over TLS, as with rabbit://…?ssl=1.'),
    ssl_ca_file: text("Certificates that sign RabbitMQ's, PEM. Default: the system's."),
    ssl_cert_file: text('Client certificate for RabbitMQ, PEM.'),
    ssl_key_file: text('Its key.'),
  }),
  quotas: z.object({
    max_clusters_per_project: whole(
      20,
      0,
      1_000_000,
      'Clusters that a project may have where no quota says otherwise.',
    ),
  }),
  x509: z.object({
    term_of_validity: whole(1825, 1, 7300, "Days that clusters' certificate authorities are valid."),
    client_term_of_validity: whole(
      365,
      1,
      3650,
      "Days that users' certificates are valid, as in a kubeconfig, where the label client_certificate_days says nothing; never longer than their authority.",
    ),
    allow_ca: flag(false, 'Let users have certificates signed that may sign others.'),
  }),
  cluster_heat: z.object({
    create_timeout: whole(60, 1, 1440, 'Minutes for a create or resize where the request names none.'),
    delete_timeout: whole(60, 1, 1440, 'Minutes for a delete.'),
    drain_timeout: whole(10, 0, 240, 'Minutes for the work of a node to move before the node goes.'),
    max_servers_per_stack: whole(50, 1, 100, 'Servers in one node stack.'),
  }),
  docker_registry: z.object({
    swift_region: text('Region of the Swift that holds registries. Default: [keystone_authtoken] region_name.'),
    login_days: whole(30, 1, 365, "Life of the login of a cluster's registry; renewed after half of it."),
  }),
  drivers: z.object({
    disabled_drivers: list([], 'Names of bay drivers that are not offered.'),
    external_drivers: list(
      [],
      'Bay drivers that are no part of Bayou: absolute paths of their modules, or names of installed packages. They run with all of its rights.',
    ),
    openstack_ca_file: text(
      "Certificates that sign the cloud's endpoints, PEM, for what on nodes uses the cloud: registries, add-ons. Default: the nodes' own.",
    ),
  }),
  kubernetes: z.object({
    mirror_url: text('Where nodes fetch their software, where the label kube_mirror names no other place.'),
    credential_days: whole(
      30,
      1,
      365,
      'Life of what clusters with cloud_provider_enabled or cinder_csi_enabled log in to the cloud with; renewed after half of it.',
    ),
    credential_roles: list(
      ['member', '_member_', 'load-balancer_member'],
      "Of the roles of a cluster's account, those that this credential gets.",
    ),
    credential_access_rules: flag(
      false,
      'Restrict it to the requests that it is for. Every service must have service_type in its [keystone_authtoken], or refuses it.',
    ),
    bills_path: text("Folder of your own bills of materials, which go over Bayou's; bayou mirror sync writes there."),
  }),
  mesos: z.object({
    mirror_url: text('Where nodes fetch their software, where the label mesos_mirror names no other place.'),
    bills_path: text('Folder of your bills of materials, of which Bayou has none; bayou mirror sync writes there.'),
  }),
  development_cloud: z.object({
    host: textOr('127.0.0.1', 'Address of the development cloud. It has no real security: loopback only.'),
    port: port(9500, 'Port of the development cloud; 0 takes a free one.'),
    boot_seconds: whole(2, 0, 600, 'How long its servers take to boot.'),
  }),
  bayou: z.object({
    secret_key_file: text(
      'File with the 32-byte key, base64, that seals secrets. Made by `bayou all` under state_path; separate processes must share it.',
    ),
  }),
});

type Camel<S extends string> = S extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : S;
type CamelKeys<T> = { readonly [K in keyof T as K extends 'DEFAULT' ? 'general' : Camel<K & string>]: T[K] };
type RawConfig = z.output<typeof configSchema>;

/** What the code uses: sections and keys in camel case, `[DEFAULT]` as `general`. Frozen. */
export type Config = { readonly [S in keyof CamelKeys<RawConfig>]: CamelKeys<CamelKeys<RawConfig>[S]> };
