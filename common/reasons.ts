/**
 * Why something did not work, from one table of codes. A reason becomes `status_reason`, an event, a
 * metric's label and a log line. `docs/errors.md` describes every code.
 */
interface ReasonDefinition {
  /** Whose turn it is. */
  actor: 'user' | 'operator' | 'service';
  /** Whether the same operation may succeed when tried again without a change. */
  retryable: boolean;
  /** What that actor can do. A clause that follows a semicolon. */
  hint: string;
}

export const REASONS = {
  image_without_os_distro: {
    actor: 'user',
    retryable: false,
    hint: 'set it with "openstack image set --property os_distro=debian <image>" (or ubuntu, …)',
  },
  image_unsupported: {
    actor: 'user',
    retryable: false,
    hint: 'name an image of a distribution that the driver serves',
  },
  image_not_found: { actor: 'user', retryable: false, hint: 'name an image that the project sees' },
  flavor_not_found: { actor: 'user', retryable: false, hint: 'name a flavor that the project sees' },
  network_not_found: { actor: 'user', retryable: false, hint: 'name a network that the project sees' },
  volume_type_not_found: {
    actor: 'user',
    retryable: false,
    hint: 'name a volume type that the project may use, or leave the label out',
  },
  availability_zone_not_found: {
    actor: 'user',
    retryable: false,
    hint: 'name a zone of Nova, or leave the label out',
  },
  flavor_too_small: {
    actor: 'user',
    retryable: false,
    hint: 'name a larger flavor, or an image that needs less',
  },
  quota_exceeded: {
    actor: 'user',
    retryable: false,
    hint: 'free something, order less, or ask the operator for a higher quota, then try again',
  },
  no_valid_host: {
    actor: 'operator',
    retryable: true,
    hint: 'no hypervisor has room for this flavor: add capacity, or choose a smaller flavor',
  },
  server_failed: { actor: 'operator', retryable: true, hint: "look at the server's fault in Nova, then try again" },
  load_balancer_failed: {
    actor: 'operator',
    retryable: true,
    hint: "look at the load balancer and at Octavia's worker log, then try again",
  },
  address_exhausted: {
    actor: 'operator',
    retryable: true,
    hint: 'the network has no free address: release floating IPs or extend the pool',
  },
  stack_failed: { actor: 'operator', retryable: true, hint: 'look at the resource named here in Heat, then try again' },
  stack_rejected: { actor: 'operator', retryable: false, hint: 'Heat refused the template: see its words' },
  stack_missing: {
    actor: 'user',
    retryable: false,
    hint: 'someone deleted the stack: replace the nodes that it had by a resize with nodes_to_remove, or delete the cluster',
  },
  node_step_failed: {
    actor: 'user',
    retryable: true,
    hint: "the end of the step's log is among the cluster's nodes (GET /v1/clusters/<id>/nodes); mend the cause, then try again",
  },
  node_step_waiting: {
    actor: 'operator',
    retryable: true,
    hint: 'the node tries again by itself until the deadline; see to what it waits for if that does not come',
  },
  node_silent: {
    actor: 'operator',
    retryable: true,
    hint: "the server runs but never reported: check that nodes reach the node listener's address, and the server's console log",
  },
  masters_not_ready: {
    actor: 'user',
    retryable: true,
    hint: 'see why its masters are not ready (GET /v1/clusters/<id>/nodes); it goes on by itself when one is, or when its time is over',
  },
  upgrade_not_ready: {
    actor: 'user',
    retryable: true,
    hint: 'nothing has changed: see to what is named here, then ask for the upgrade again',
  },
  upgrade_failed: {
    actor: 'user',
    retryable: true,
    hint: 'other nodes were left as they are: see to the cause, then ask for the same upgrade again, or for another version',
  },
  rotation_failed: {
    actor: 'user',
    retryable: true,
    hint: 'the cluster goes on with what its nodes have: see to the cause, then ask for the rotation again',
  },
  federation_unsupported: {
    actor: 'user',
    retryable: false,
    hint: 'join the clusters with the tools of their orchestrator; the record can be changed and deleted',
  },
  timeout: { actor: 'user', retryable: true, hint: 'try again, with a longer timeout if the cloud is slow' },
  account_refused: {
    actor: 'operator',
    retryable: true,
    hint: 'see that the service user may manage users of the trustee domain and grant roles on projects',
  },
  trust_needs_password: {
    actor: 'user',
    retryable: false,
    hint: 'log in with your password, or ask the operator for [trust] account_kind = user',
  },
  trust_role_missing: {
    actor: 'operator',
    retryable: false,
    hint: 'give the user the roles of [trust] roles on the project, or set [trust] account_kind = user',
  },
  trust_refused: {
    actor: 'operator',
    retryable: true,
    hint: 'enable the user and give back the roles on the project that its clusters need',
  },
  trust_broken: {
    actor: 'user',
    retryable: false,
    hint: 'nobody can mend it: make another cluster and delete this one; with [trust] account_kind = user clusters outlive their creators',
  },
  project_gone: { actor: 'operator', retryable: false, hint: 'the project was deleted or disabled in Keystone' },
  forbidden: {
    actor: 'operator',
    retryable: true,
    hint: "give the cluster's account the role that the service asks for",
  },
  object_store_refused: {
    actor: 'operator',
    retryable: true,
    hint: "give the cluster's account, by [trust] roles, a role that Swift takes (operator_roles in its proxy-server.conf)",
  },
  container_unreachable: {
    actor: 'operator',
    retryable: true,
    hint: "mend the account or its role, or give the service user Swift's reseller_admin_role on its project; the delete goes on by itself",
  },
  cloud_unavailable: { actor: 'operator', retryable: true, hint: 'it is tried again by itself until the deadline' },
  delete_unverified: {
    actor: 'operator',
    retryable: true,
    hint: 'something of the cluster is still in the cloud: remove it, then delete again',
  },
  internal: { actor: 'service', retryable: true, hint: 'this is a fault of Bayou: see its log under the request id' },
} as const satisfies Record<string, ReasonDefinition>;

export type ReasonCode = keyof typeof REASONS;

export interface Reason {
  code: ReasonCode;
  /** One clause, in the user's words, with names and numbers; without the hint. */
  message: string;
  /** What is at fault, such as `server web-x7-worker-1`. */
  resource?: string;
  actor: ReasonDefinition['actor'];
  retryable: boolean;
  hint: string;
  /** Request ids of the OpenStack calls concerned. */
  requestIds: string[];
}

export interface ReasonDetails {
  resource?: string;
  requestIds?: string[];
}

/** The longest message kept: a service's own words may be pages. */
const MAX_MESSAGE_CHARACTERS = 600;

export function reason(code: ReasonCode, message: string, details: ReasonDetails = {}): Reason {
  const { actor, retryable, hint } = REASONS[code];
  return {
    code,
    message: message.replace(/\s+/g, ' ').trim().slice(0, MAX_MESSAGE_CHARACTERS),
    ...(details.resource === undefined ? {} : { resource: details.resource }),
    actor,
    retryable,
    hint,
    requestIds: details.requestIds ?? [],
  };
}

/** `status_reason`: code, what happened, whose turn it is and what to do, in one sentence. */
export function reasonSentence(why: Reason): string {
  const message = why.message.replace(/\.$/, '');
  return `[${why.code}] ${message}; ${why.actor}: ${why.hint}.`;
}
