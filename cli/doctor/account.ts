import { errorText, ServiceError } from '../../common/errors.js';
import { listVolumeTypes } from '../../openstack/block-storage/volume-types.js';
import { listFlavors } from '../../openstack/compute/flavors.js';
import { isStatus } from '../../openstack/errors.js';
import { onlyOne } from '../../openstack/find.js';
import { findProject, findProjectsByName, type Project } from '../../openstack/identity/projects.js';
import { grantRole, listRoles } from '../../openstack/identity/roles.js';
import { createUser, deleteUser, findUserByName } from '../../openstack/identity/users.js';
import { findImage } from '../../openstack/image/images.js';
import { listLoadBalancers } from '../../openstack/load-balancing/load-balancers.js';
import { findNetwork } from '../../openstack/network/networks.js';
import { findContainer } from '../../openstack/object-storage/containers.js';
import { listStacks } from '../../openstack/orchestration/stacks.js';
import type { CallContext, Session } from '../../openstack/session.js';
import type { OptionalService, RoleRef } from '../../openstack/token.js';
import { catalogOffers } from '../service-clients.js';
import { type Finding, fail, ok, type Patient, warn } from './check.js';

const PASSWORD_BYTES = 32;
const CLEANUP_MS = 15_000;
const GRANT_REMEDY = 'let the service user grant roles on projects (role admin)';
const TRUST_REMEDY =
  ', or set [trust] account_kind = trust: clusters then work under a trust of their creator, which takes a token of a user to be tried';
const UNTRIED =
  'clusters work under a trust of their creator (account_kind = trust), which takes a token of a user to be tried';
const USER_IS_BETTER = warn(
  'account: kind',
  'account_kind is trust, and the service user may grant roles',
  'set [trust] account_kind = user: its clusters outlive their creators, who may come with application credentials',
);
const ROLES_REMEDY = 'add the role that the service asks for to [trust] roles';

interface Probe {
  /** A name that nothing has. */
  name: string;
  projectId: string;
}

/** What a cluster's account does in each service, read-only. A cloud may be without the optional ones. */
const USES: {
  service: string;
  optional?: OptionalService;
  use: (session: Session, ctx: CallContext, probe: Probe) => Promise<unknown>;
}[] = [
  { service: 'Heat', use: (session, ctx, { name }) => listStacks(session, ctx, { tags: [name] }) },
  { service: 'Nova', use: (session, ctx) => listFlavors(session, ctx) },
  { service: 'Neutron', use: (session, ctx, { name }) => findNetwork(session, ctx, name) },
  { service: 'Glance', use: (session, ctx, { name }) => findImage(session, ctx, name) },
  { service: 'Cinder', optional: 'block-storage', use: (session, ctx) => listVolumeTypes(session, ctx) },
  {
    service: 'Octavia',
    optional: 'load-balancer',
    use: (session, ctx, { projectId }) => listLoadBalancers(session, ctx, { projectId }),
  },
  // Swift refuses who has none of its `operator_roles`, and only registries need one.
  {
    service: 'Swift',
    optional: 'object-store',
    use: (session, ctx, { name }) => findContainer(session, ctx, { name }),
  },
];

/** Goes the way of a cluster's account: made, granted, logged in, used, removed. Nothing stays. */
export async function checkAccount(patient: Patient, ctx: CallContext): Promise<Finding[]> {
  const project = await chosenProject(patient, ctx);
  const roles = await wantedRoles(patient, ctx);
  const { domainId = '' } = await patient.domainAdmin.identity(ctx);
  const name = `doctor-${patient.ids.uuid()}_${project.id}`;
  const findings: Finding[] = [];
  try {
    await tryAccount(patient, ctx, { name, domainId, project, roles }, findings);
  } catch (error) {
    findings.push(fail('account', errorText(error), 'see why the services take so long, and try again'));
  } finally {
    findings.push(await removeAccount(patient, { name, domainId }));
  }
  return findings;
}

interface Account {
  name: string;
  domainId: string;
  project: Project;
  roles: RoleRef[];
}

/** Ends at the first step without which the next ones make no sense. */
async function tryAccount(patient: Patient, ctx: CallContext, account: Account, findings: Finding[]): Promise<void> {
  const { name, domainId, project } = account;
  const password = patient.ids.secret(PASSWORD_BYTES);
  const step = async <T>(
    what: string,
    found: string,
    remedy: string,
    work: () => Promise<T>,
  ): Promise<T | undefined> => {
    try {
      const result = await work();
      findings.push(ok(what, found));
      return result;
    } catch (error) {
      ctx.signal?.throwIfAborted();
      findings.push(fail(what, errorText(error), remedy));
      return undefined;
    }
  };
  const user = await step(
    'account: make',
    'the domain admin makes users',
    'let the domain admin manage users of the trustee domain (role admin on that domain)',
    () =>
      createUser(patient.domainAdmin, ctx, {
        domainId,
        name,
        password,
        description: 'Made and removed by bayou doctor',
      }),
  );
  if (user === undefined) return;
  const granted = await tryGrants(patient, ctx, account, user.id);
  findings.push(...granted.findings);
  if (!granted.done) return;
  const session = patient.accountSession({ userId: user.id, password, projectId: project.id });
  const remedy = 'see in the log of Keystone why it refuses users of the trustee domain';
  const identity = await step('account: log in', 'by password', remedy, () => session.identity(ctx));
  if (identity === undefined) return;
  const offers = catalogOffers(patient.loaded.config);
  for (const { service, optional, use } of USES) {
    if (optional !== undefined && !offers(identity.catalog, optional)) continue;
    await step(`account: ${service}`, 'can be used', ROLES_REMEDY, async () => {
      await use(session, ctx, { name, projectId: project.id });
      return true;
    });
  }
}

/** Which of the two kinds of accounts works. */
async function tryGrants(
  patient: Patient,
  ctx: CallContext,
  { project, roles }: Account,
  userId: string,
): Promise<{ done: boolean; findings: Finding[] }> {
  const what = 'account: roles';
  const isTrust = patient.loaded.config.trust.accountKind === 'trust';
  try {
    for (const { id: roleId } of roles) {
      await grantRole(patient.service, ctx, { projectId: project.id, userId, roleId });
    }
  } catch (error) {
    ctx.signal?.throwIfAborted();
    const found = errorText(error);
    const refused = isStatus(error, 403);
    if (refused && isTrust) return { done: false, findings: [ok(what, `not granted (${found}): ${UNTRIED}`)] };
    return { done: false, findings: [fail(what, found, refused ? `${GRANT_REMEDY}${TRUST_REMEDY}` : GRANT_REMEDY)] };
  }
  const granted = ok(what, `${roles.map(({ name }) => name).join(', ')} on project ${project.name}`);
  return { done: true, findings: isTrust ? [granted, USER_IS_BETTER] : [granted] };
}

/** With a time of its own: it runs also when the examination was broken off. Found by name: an answer may be lost. */
async function removeAccount(patient: Patient, account: { name: string; domainId: string }): Promise<Finding> {
  const ctx = { timeoutMs: CLEANUP_MS };
  const what = 'account: remove';
  try {
    const user = await findUserByName(patient.domainAdmin, ctx, account);
    if (user !== undefined) await deleteUser(patient.domainAdmin, ctx, user.id);
    return ok(what, 'nothing is left');
  } catch (error) {
    return fail(what, errorText(error), `remove the user ${account.name} of the trustee domain by hand`);
  }
}

async function chosenProject({ service, project }: Patient, ctx: CallContext): Promise<Project> {
  const wanted = project ?? (await service.identity(ctx)).projectId ?? '';
  const found =
    (await findProject(service, ctx, wanted)) ??
    onlyOne(await findProjectsByName(service, ctx, wanted), 'project', wanted);
  if (found === undefined) throw new ServiceError('not_found', `There is no project "${wanted}"`);
  return found;
}

/** Those that are configured; else those that creators may bring, as far as Keystone has them. */
async function wantedRoles({ service, loaded: { config } }: Patient, ctx: CallContext): Promise<RoleRef[]> {
  const known = await listRoles(service, ctx);
  const { roles, allowedRoles } = config.trust;
  const missing = roles.filter((wanted) => !known.some(({ name }) => name === wanted));
  if (missing.length > 0)
    throw new ServiceError('not_found', `Keystone has no role ${missing.join(', ')} ([trust] roles)`);
  const chosen = roles.length > 0 ? roles : allowedRoles;
  const found = known.filter(({ name }) => chosen.includes(name));
  if (found.length === 0) throw new ServiceError('not_found', `Keystone has none of the roles ${chosen.join(', ')}`);
  return found;
}
