/**
 * Who may do what, by default. Base rules have the names of all releases of Magnum, so that whatever an operator's
 * policy file refers to is there.
 */
const BASE = {
  context_is_admin: 'role:admin',
  admin_api: 'rule:context_is_admin',
  admin_or_owner: 'is_admin:True or project_id:%(project_id)s',
  admin_or_user: 'is_admin:True or user_id:%(user_id)s',
  is_user: 'user_id:%(user_id)s',
  cluster_user: 'user_id:%(trustee_user_id)s',
  deny_cluster_user: 'not domain_id:%(trustee_domain_id)s',
  project_member: 'role:member and project_id:%(project_id)s',
  project_reader: 'role:reader and project_id:%(project_id)s',
  project_member_deny_cluster_user: 'rule:project_member and rule:deny_cluster_user',
  project_reader_deny_cluster_user: 'rule:project_reader and rule:deny_cluster_user',
  admin_or_project_member: 'rule:context_is_admin or rule:project_member',
  admin_or_project_reader: 'rule:context_is_admin or rule:project_reader',
  admin_or_project_member_deny_cluster_user: 'rule:context_is_admin or rule:project_member_deny_cluster_user',
  admin_or_project_reader_deny_cluster_user: 'rule:context_is_admin or rule:project_reader_deny_cluster_user',
  admin_or_project_member_user: 'rule:context_is_admin or (rule:project_member and rule:is_user)',
  admin_or_project_reader_user: 'rule:context_is_admin or (rule:project_reader and rule:is_user)',
  // Upstream has the account here by the older rule alone, and would lock it out with the newer ones.
  admin_or_project_member_user_or_cluster_user: 'rule:admin_or_project_member_user or rule:cluster_user',
  admin_or_project_reader_user_or_cluster_user: 'rule:admin_or_project_reader_user or rule:cluster_user',
} as const satisfies Record<string, string>;

/** Magnum's rules before 2023.2, which hold as well until `[oslo_policy] enforce_new_defaults`. */
const BEFORE: Partial<Record<keyof typeof BASE, string>> = {
  admin_or_project_member: 'rule:admin_or_owner',
  admin_or_project_reader: 'rule:admin_or_owner',
  admin_or_project_member_deny_cluster_user: 'rule:deny_cluster_user',
  admin_or_project_reader_deny_cluster_user: 'rule:deny_cluster_user',
  admin_or_project_member_user: 'rule:admin_or_user',
  admin_or_project_reader_user: 'rule:admin_or_user',
};

const MEMBER = 'rule:admin_or_project_member_deny_cluster_user';
const READER = 'rule:admin_or_project_reader_deny_cluster_user';
const OWN_MEMBER = 'rule:admin_or_project_member';
const OWN_READER = 'rule:admin_or_project_reader';
const ADMIN = 'rule:admin_api';

export const DEFAULT_RULES = {
  ...BASE,
  'cluster:create': MEMBER,
  'cluster:delete': MEMBER,
  'cluster:update': MEMBER,
  'cluster:resize': MEMBER,
  'cluster:upgrade': MEMBER,
  'cluster:diagnose': MEMBER,
  'cluster:get': READER,
  'cluster:get_all': READER,
  'cluster:detail': READER,
  'cluster:get_one_all_projects': ADMIN,
  'cluster:get_all_all_projects': ADMIN,
  'cluster:detail_all_projects': ADMIN,
  'cluster:update_all_projects': ADMIN,
  'cluster:delete_all_projects': ADMIN,
  'cluster:upgrade_all_projects': ADMIN,
  'cluster:diagnose_all_projects': ADMIN,
  'cluster:update_health_status': 'rule:admin_or_project_member_user_or_cluster_user',
  // Journals tell more than a reader is to know.
  'diagnostic:get': MEMBER,
  'diagnostic:get_all_projects': ADMIN,
  'clustertemplate:create': MEMBER,
  'clustertemplate:get': READER,
  'clustertemplate:get_all': READER,
  'clustertemplate:detail': READER,
  'clustertemplate:update': OWN_MEMBER,
  'clustertemplate:delete': OWN_MEMBER,
  'clustertemplate:publish': ADMIN,
  'clustertemplate:get_one_all_projects': ADMIN,
  'clustertemplate:get_all_all_projects': ADMIN,
  'clustertemplate:detail_all_projects': ADMIN,
  'clustertemplate:delete_all_projects': ADMIN,
  'clustertemplate:update_all_projects': ADMIN,
  'certificate:create': 'rule:admin_or_project_member_user_or_cluster_user',
  'certificate:get': 'rule:admin_or_project_reader_user_or_cluster_user',
  'certificate:rotate_ca': OWN_MEMBER,
  'nodegroup:get': OWN_READER,
  'nodegroup:get_all': OWN_READER,
  'nodegroup:create': OWN_MEMBER,
  'nodegroup:update': OWN_MEMBER,
  'nodegroup:delete': OWN_MEMBER,
  'nodegroup:get_one_all_projects': ADMIN,
  'nodegroup:get_all_all_projects': ADMIN,
  'magnum-service:get_all': ADMIN,
  'credential:rotate': 'rule:project_member_deny_cluster_user',
  'quota:get': OWN_READER,
  'quota:get_all': ADMIN,
  'quota:create': ADMIN,
  'quota:update': ADMIN,
  'quota:delete': ADMIN,
  'stats:get_all': OWN_READER,
  'federation:create': MEMBER,
  'federation:update': MEMBER,
  'federation:delete': MEMBER,
  'federation:get': READER,
  'federation:get_all': READER,
  'federation:detail': READER,
  'bay:create': MEMBER,
  'bay:delete': MEMBER,
  'bay:update': MEMBER,
  'bay:get': READER,
  'bay:get_all': READER,
  'bay:detail': READER,
  'baymodel:create': MEMBER,
  'baymodel:get': READER,
  'baymodel:get_all': READER,
  'baymodel:detail': READER,
  // Upstream lets every project change and delete what another one has published.
  'baymodel:update': `${OWN_MEMBER} and rule:deny_cluster_user`,
  'baymodel:delete': `${OWN_MEMBER} and rule:deny_cluster_user`,
  'baymodel:publish': ADMIN,
  // Upstream has no rules for these and shows them to the whole project, private keys included.
  'x509keypair:create': MEMBER,
  'x509keypair:get': 'user_id:%(user_id)s',
  'x509keypair:get_all': 'user_id:%(user_id)s',
  'x509keypair:detail': 'user_id:%(user_id)s',
  'x509keypair:delete': 'user_id:%(user_id)s',
} as const satisfies Record<string, string>;

export type PolicyRule = keyof typeof DEFAULT_RULES;

/** The rules in force without a policy file. */
export function defaultRules(enforceNewDefaults: boolean): Record<PolicyRule, string> {
  const older = Object.entries(enforceNewDefaults ? {} : BEFORE);
  const joined = older.map(([name, before]) => [name, `(${BASE[name as keyof typeof BASE]}) or (${before})`]);
  return { ...DEFAULT_RULES, ...Object.fromEntries(joined) };
}

/** Rules of admins hold for tokens of every scope, all others for those of a project (oslo.policy's `scope_types`). */
export function isForProjects(rule: PolicyRule): boolean {
  return rule.includes(':') && DEFAULT_RULES[rule] !== ADMIN;
}
