import { listRoles } from '../../openstack/identity/roles.js';
import { findUserByName } from '../../openstack/identity/users.js';
import type { CallContext } from '../../openstack/session.js';
import { withVersion } from '../../openstack/token.js';
import { type Finding, fail, ok, type Patient, warn } from './check.js';

const WARN_SKEW_MS = 5000;
const FAIL_SKEW_MS = 60_000;
const ADMIN = 'admin';

export async function checkKeystone({ transport, callMs, authUrl }: Patient, ctx: CallContext): Promise<Finding[]> {
  const url = withVersion(authUrl, 'identity');
  const response = await transport({
    service: 'identity',
    method: 'GET',
    url,
    headers: {},
    timeoutMs: callMs,
    signal: ctx.signal,
  });
  const version = (response.body as { version?: { id?: unknown } } | undefined)?.version?.id;
  if (response.status === 200 && typeof version === 'string') return [ok('Keystone', `${version} at ${url}`)];
  return [
    fail(
      'Keystone',
      `${url} answers ${response.status}`,
      'set [keystone_authtoken] auth_url to the address of Keystone v3',
    ),
  ];
}

/** By the answer's `Date`, or by when a fresh token was issued where a server sends none, as uwsgi does. */
export async function checkClock(patient: Patient, ctx: CallContext): Promise<Finding[]> {
  const { transport, callMs, clock, authUrl } = patient;
  const sentAt = clock.now();
  const response = await transport({
    service: 'identity',
    method: 'GET',
    url: withVersion(authUrl, 'identity'),
    headers: {},
    timeoutMs: callMs,
    signal: ctx.signal,
  });
  const date = Date.parse(response.headers.date ?? '');
  const theirs = Number.isNaN(date) ? await issuedAt(patient, ctx) : { at: date, ours: (sentAt + clock.now()) / 2 };
  const skewMs = Math.round(theirs.at - theirs.ours);
  const found = `Keystone's is ${(Math.abs(skewMs) / 1000).toFixed(1)} s ${skewMs < 0 ? 'behind' : 'ahead'}`;
  const remedy = 'keep the time of this machine and of the controllers by NTP: certificates and tickets depend on it';
  if (Math.abs(skewMs) >= FAIL_SKEW_MS) return [fail('clock', found, remedy)];
  return [Math.abs(skewMs) >= WARN_SKEW_MS ? warn('clock', found, remedy) : ok('clock', found)];
}

/** A login of its own, so that the time in between is short. */
async function issuedAt(
  { newServiceSession, clock }: Patient,
  ctx: CallContext,
): Promise<{ at: number; ours: number }> {
  const sentAt = clock.now();
  const { issuedAt: at } = await newServiceSession().identity(ctx);
  return { at, ours: (sentAt + clock.now()) / 2 };
}

export async function checkServiceUser({ service }: Patient, ctx: CallContext): Promise<Finding[]> {
  const { userName, projectName, roles } = await service.identity(ctx);
  const who = `${userName} in project ${projectName ?? '-'}`;
  const names = roles.map(({ name }) => name).join(', ');
  if (!roles.some(({ name }) => name === ADMIN)) {
    const remedy = `run "openstack role add --user ${userName} --project ${projectName ?? ''} ${ADMIN}"`;
    return [fail('service user', `${who} has the roles ${names}, not ${ADMIN}`, remedy)];
  }
  const known = await listRoles(service, ctx);
  return [ok('service user', `${who}, with the role ${ADMIN}; sees ${known.length} roles`)];
}

export async function checkDomainAdmin({ domainAdmin }: Patient, ctx: CallContext): Promise<Finding[]> {
  const { userName, domainId, roles } = await domainAdmin.identity(ctx);
  if (domainId === undefined || !roles.some(({ name }) => name === ADMIN)) {
    const remedy = `run "openstack role add --user <its id> --domain <the trustee domain> ${ADMIN}"`;
    return [fail('trustee domain', `${userName} is not ${ADMIN} of it`, remedy)];
  }
  await findUserByName(domainAdmin, ctx, { domainId, name: userName });
  return [ok('trustee domain', `${userName} is ${ADMIN} of ${domainId}`)];
}
