/**
 * Who may do what, by default: Magnum's rules of 2023.2 (project member, reader), each OR-ed with its
 * deprecated predecessor, as oslo.policy does until `enforce_new_defaults`.
 */
const BASE = {
  context_is_admin: 'role:admin',
  admin_api: 'rule:context_is_admin',
  admin_or_owner: 'is_admin:True or project_id:%(project_id)s',
  admin_or_user: 'is_admin:True or user_id:%(user_id)s',
  cluster_user: 'user_id:%(trustee_user_id)s',
  deny_cluster_user: 'not domain_id:%(trustee_domain_id)s',
  project_member: 'role:member and project_id:%(project_id)s',
  project_reader: 'role:reader and project_id:%(project_id)s',
  admin_or_member: 'rule:context_is_admin or rule:project_member',
  admin_or_reader: 'rule:context_is_admin or rule:project_reader',
  member_deny_cluster_user: 'rule:context_is_admin or (rule:project_member and rule:deny_cluster_user)',
  reader_deny_cluster_user: 'rule:context_is_admin or (rule:project_reader and rule:deny_cluster_user)',
  member_user: 'rule:context_is_admin or (rule:project_member and user_id:%(user_id)s)',
  reader_user: 'rule:context_is_admin or (rule:project_reader and user_id:%(user_id)s)',
};

const MEMBER = 'rule:member_deny_cluster_user or rule:deny_cluster_user';
const READER = 'rule:reader_deny_cluster_user or rule:deny_cluster_user';
const OWN_MEMBER = 'rule:admin_or_member or rule:admin_or_owner';
const OWN_READER = 'rule:admin_or_reader or rule:admin_or_owner';
const ADMIN = 'rule:admin_api';

export const DEFAULT_RULES = {
  ...BASE,
  'cluster:create': MEMBER,
  'cluster:delete': MEMBER,
  'cluster:update': MEMBER,
  'cluster:resize': MEMBER,
  'cluster:upgrade': MEMBER,
  'cluster:get': READER,
  'cluster:get_all': READER,
  'cluster:detail': READER,
  'cluster:get_one_all_projects': ADMIN,
  'cluster:get_all_all_projects': ADMIN,
  'cluster:detail_all_projects': ADMIN,
  'cluster:update_all_projects': ADMIN,
  'cluster:delete_all_projects': ADMIN,
  'cluster:upgrade_all_projects': ADMIN,
  'cluster:update_health_status':
    'rule:context_is_admin or (rule:project_member and (user_id:%(user_id)s or rule:cluster_user)) or rule:admin_or_user or rule:cluster_user',
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
  'certificate:create': 'rule:member_user or rule:admin_or_user or rule:cluster_user',
  'certificate:get': 'rule:reader_user or rule:admin_or_user or rule:cluster_user',
  'nodegroup:get': OWN_READER,
  'nodegroup:get_all': OWN_READER,
  'nodegroup:create': OWN_MEMBER,
  'nodegroup:update': OWN_MEMBER,
  'nodegroup:delete': OWN_MEMBER,
  'nodegroup:get_one_all_projects': ADMIN,
  'nodegroup:get_all_all_projects': ADMIN,
  'magnum-service:get_all': ADMIN,
} as const satisfies Record<string, string>;

export type PolicyRule = keyof typeof DEFAULT_RULES;
