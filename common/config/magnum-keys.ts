/**
 * Magnum's settings that are not Bayou's under the same section and name (those are in `schema.ts`): the releases from
 * Queens to 2025.2, and what keystoneauth, keystonemiddleware, oslo.db, oslo.log, oslo.messaging and oslo.service read in
 * the same sections. `bayou config magnum` prints them.
 */
export type MagnumKeys = {
  section: string;
  /** Separated by blanks; one that ends in `*` stands for all that begin so. */
  keys: string;
} & (
  | {
      /** Bayou's own setting of the same meaning, as `section.key`; `*` stands for the key itself. */
      is: string;
    }
  | {
      /** Why it means nothing here. */
      because: string;
      /** The values that can be passed over. Any other asks for what Bayou does not do, and is refused. */
      only?: RegExp;
    }
  | {
      /** What Bayou does not do, though it could be expected to: passed over with a warning. */
      instead: string;
    }
);

const OWN_FILES = 'Bayou finds its own files';
const OSLO_LOG = 'Bayou logs JSON lines to standard output';
const RPC = 'the API and the conductors meet in the database; RabbitMQ only says "look now"';
const NODES_WITHOUT_CLOUD = 'nodes hold no cloud credentials; what a registry logs in with opens its container alone';
const ONE_PROCESS = 'one process; start more of them for more work';
const OWN_DEFAULTS = 'a driver knows what it supports and what is its default';
const TOKEN_CACHE = 'validated tokens are cached in the process';
const SERVICE_LOGIN = 'the service user logs in with its password, in its project, or with an application credential';
const OWN_POOL = 'Bayou has its own connection pool and retries';

export const MAGNUM_KEYS: readonly MagnumKeys[] = [
  { section: 'DEFAULT', keys: 'pybasedir bindir tempdir rootwrap_config config_file config_dir', because: OWN_FILES },
  { section: 'DEFAULT', keys: 'periodic_* run_external_periodic_tasks', because: 'nodes report by themselves' },
  { section: 'DEFAULT', keys: 'password_symbols', because: 'passwords are 32 random bytes' },
  {
    section: 'DEFAULT',
    keys: 'max_manifest_size',
    because: 'nobody sends manifests: pods and services are what kubectl is for',
  },
  {
    section: 'DEFAULT',
    keys: 'verbose log_* logging_* watch_log_file use_syslog use_journal use_json use_stderr use_eventlog syslog_log_facility max_logfile_* default_log_levels publish_errors instance_format instance_uuid_format rate_limit_* fatal_deprecations',
    because: OSLO_LOG,
  },
  {
    section: 'DEFAULT',
    keys: 'rpc_* conn_pool_* executor_thread_pool_size control_exchange notification_*',
    because: RPC,
  },
  {
    section: 'DEFAULT',
    keys: 'backdoor_port backdoor_socket graceful_shutdown_timeout client_socket_timeout wsgi_* tcp_keepidle max_header_line',
    because: "a setting of oslo.service's processes",
  },
  { section: 'api', keys: 'workers', because: ONE_PROCESS },
  { section: 'api', keys: 'api_paste_config', because: 'there is no WSGI pipeline' },
  {
    section: 'api',
    keys: 'enabled_ssl',
    because: 'Bayou speaks HTTP behind a proxy that ends TLS ([api] public_endpoint)',
    only: /^(false|0|no|off)$/i,
  },
  { section: 'api', keys: 'ssl_cert_file ssl_key_file', because: 'they belong to the proxy that ends TLS' },
  { section: 'conductor', keys: 'workers', because: ONE_PROCESS },
  { section: 'conductor', keys: 'topic conductor_life_check_timeout', because: RPC },
  {
    section: 'database',
    keys: 'connection_parameters',
    because: 'options belong into [database] connection, after "?"',
    only: /^$/,
  },
  { section: 'database', keys: 'backend', because: 'the connection says so', only: /^sqlalchemy$/ },
  {
    section: 'database',
    keys: 'mysql_* sqlite_synchronous slave_connection connection_recycle_time min_pool_size max_retries retry_interval max_overflow connection_debug connection_trace pool_timeout use_db_reconnect use_tpool db_*',
    because: OWN_POOL,
  },
  ...identityKeys('keystone_auth'),
  ...identityKeys('keystone_authtoken'),
  {
    section: 'keystone_auth',
    keys: 'auth_url username user_id password application_credential_id application_credential_secret user_domain_id user_domain_name project_id project_name project_domain_id project_domain_name region_name cafile certfile keyfile insecure',
    is: 'keystone_authtoken.*',
  },
  { section: 'keystone_auth', keys: 'timeout', because: '[conductor] call_timeout_seconds bounds every call' },
  {
    section: 'keystone_auth',
    keys: 'collect_timing split_loggers interface',
    because: "a setting of keystoneauth's session",
  },
  { section: 'keystone_authtoken', keys: 'auth_uri', is: 'keystone_authtoken.www_authenticate_uri' },
  { section: 'keystone_authtoken', keys: 'identity_uri', is: 'keystone_authtoken.auth_url' },
  { section: 'keystone_authtoken', keys: 'admin_user', is: 'keystone_authtoken.username' },
  { section: 'keystone_authtoken', keys: 'admin_password', is: 'keystone_authtoken.password' },
  { section: 'keystone_authtoken', keys: 'admin_tenant_name', is: 'keystone_authtoken.project_name' },
  { section: 'keystone_authtoken', keys: 'auth_version', because: 'Keystone v3', only: /^v?3(\.0)?$/i },
  {
    section: 'keystone_authtoken',
    keys: 'delay_auth_decision',
    because: 'the API refuses at once',
    only: /^(false|0|no|off)$/i,
  },
  { section: 'keystone_authtoken', keys: 'memcache* cache revocation_cache_time', because: TOKEN_CACHE },
  {
    section: 'keystone_authtoken',
    keys: 'http_connect_timeout http_request_max_retries timeout collect_timing split_loggers',
    because: '[conductor] call_timeout_seconds bounds every call',
  },
  {
    section: 'keystone_authtoken',
    keys: 'include_service_catalog enforce_token_bind service_token_roles service_token_roles_required service_type check_revocations_for_cached hash_algorithms signing_dir auth_host auth_port auth_protocol auth_admin_prefix admin_token',
    because: "a setting of keystonemiddleware's",
  },
  { section: 'trust', keys: 'cluster_user_trust', because: NODES_WITHOUT_CLOUD },
  { section: 'trust', keys: 'trustee_keystone_interface trustee_keystone_region_name', because: NODES_WITHOUT_CLOUD },
  {
    section: 'certificates',
    keys: 'cert_manager_type storage_path',
    because: 'certificates and keys are in the database, keys sealed with [bayou] secret_key_file',
  },
  { section: 'x509', keys: 'rsa_key_size', because: 'the keys of authorities are EC P-256' },
  {
    section: 'x509',
    keys: 'allowed_extensions allowed_key_usage',
    instead: "a user's certificate may have the extensions and usages that Magnum allows by default",
  },
  {
    section: 'cluster',
    keys: 'etcd_discovery_service_endpoint_format',
    because: 'addresses of masters are known before they boot',
  },
  { section: 'cluster', keys: 'enabled_definitions', because: '[drivers] disabled_drivers takes drivers away' },
  { section: 'cluster', keys: 'temp_cache_dir', because: 'nothing is cached in files' },
  { section: 'cluster', keys: 'nodes_affinity_policy', instead: 'servers are placed as Nova likes' },
  {
    section: 'cluster',
    keys: 'pre_delete_lb_timeout',
    because: 'what Kubernetes made in the cloud goes within the time of the delete',
  },
  {
    section: 'cluster_heat',
    keys: 'max_attempts wait_interval',
    because: '[conductor] poll_seconds, until the deadline',
  },
  { section: 'bay_heat', keys: 'bay_create_timeout create_timeout', is: 'cluster_heat.create_timeout' },
  { section: 'bay_heat', keys: 'max_attempts wait_interval', because: '[conductor] poll_seconds, until the deadline' },
  ...['cluster_template', 'baymodel'].map((section) => ({
    section,
    keys: 'kubernetes_allowed_network_drivers kubernetes_default_network_driver swarm_allowed_network_drivers swarm_default_network_driver mesos_allowed_network_drivers mesos_default_network_driver',
    because: OWN_DEFAULTS,
  })),
  {
    section: 'cinder',
    keys: 'default_docker_volume_type default_etcd_volume_type default_boot_volume_type default_boot_volume_size',
    instead: "Cinder's own default type, where the labels of the template name none",
  },
  {
    section: 'docker_registry',
    keys: 'swift_registry_container',
    because: 'each cluster has a container of its own',
  },
  {
    section: 'docker',
    keys: 'docker_remote_api_version default_timeout api_insecure ca_file cert_file key_file',
    because: 'nodes report; Bayou does not call the Docker API',
  },
  { section: 'drivers', keys: 'verify_ca', because: 'nodes check the certificates of whomever they call' },
  { section: 'drivers', keys: 'send_cluster_metrics', because: 'Prometheus reads /metrics' },
  {
    section: 'drivers',
    keys: 'enabled_beta_drivers default_driver',
    because: 'a driver follows from orchestrator and image',
  },
  {
    section: 'kubernetes',
    keys: 'keystone_auth_default_policy',
    because: "users of a cluster have certificates, not Keystone's tokens",
  },
  {
    section: 'kubernetes',
    keys: 'post_install_manifest_url',
    instead: 'add-ons are ordered by labels; apply a manifest of your own with kubectl',
  },
  { section: 'kubernetes', keys: 'health_polling_interval', because: 'nodes report by themselves' },
  ...['heat', 'nova', 'glance', 'cinder'].map((service) => ({
    section: `${service}_client`,
    keys: 'api_version',
    because: 'Bayou speaks one version of each service',
  })),
  {
    section: 'magnum_client',
    keys: 'region_name endpoint_type ca_file cert_file key_file insecure',
    because: "nodes reach [node_listener] public_url, not Magnum's API",
  },
  { section: 'oslo_messaging_rabbit', keys: 'rabbit_use_ssl', is: 'oslo_messaging_rabbit.ssl' },
  { section: 'oslo_messaging_rabbit', keys: 'kombu_ssl_ca_certs', is: 'oslo_messaging_rabbit.ssl_ca_file' },
  { section: 'oslo_messaging_rabbit', keys: 'kombu_ssl_certfile', is: 'oslo_messaging_rabbit.ssl_cert_file' },
  { section: 'oslo_messaging_rabbit', keys: 'kombu_ssl_keyfile', is: 'oslo_messaging_rabbit.ssl_key_file' },
  {
    section: 'oslo_messaging_rabbit',
    keys: 'amqp_* kombu_* rabbit_* ssl_version ssl_enforce_fips_mode heartbeat_* direct_mandatory_flag enable_cancel_on_failover conn_pool_* use_queue_manager hostname processname pool_* socket_timeout tcp_user_timeout host_* connection_* channel_max frame_max',
    because: 'queues are quorum queues, and connections recover by themselves',
  },
  {
    section: 'DEFAULT',
    keys: 'policy_file policy_default_rule policy_dirs',
    is: 'oslo_policy.*',
  },
  {
    section: 'oslo_policy',
    keys: 'remote_*',
    because: 'no check of a policy asks a server; a policy file with one is refused',
  },
  {
    section: 'oslo_middleware',
    keys: 'max_request_body_size',
    because: '[api] max_body_bytes bounds bodies',
  },
  {
    section: 'oslo_middleware',
    keys: 'secure_proxy_ssl_header http_basic_auth_user_file',
    because: "a setting of oslo.middleware's that Magnum's pipeline does not use",
  },
];

/** The keys of a service user's login that both sections may hold and neither of which Bayou has under that name. */
function identityKeys(section: string): MagnumKeys[] {
  return [
    { section, keys: 'auth_type', because: SERVICE_LOGIN, only: /^((v3)?password|v3applicationcredential)$/ },
    { section, keys: 'system_scope domain_id domain_name trust_id', because: SERVICE_LOGIN, only: /^$/ },
    {
      section,
      keys: 'application_credential_name',
      because: 'an application credential is named by its id',
      only: /^$/,
    },
    { section, keys: 'user_name', is: 'keystone_authtoken.username' },
    { section, keys: 'tenant_name', is: 'keystone_authtoken.project_name' },
    { section, keys: 'tenant_id', is: 'keystone_authtoken.project_id' },
  ];
}
