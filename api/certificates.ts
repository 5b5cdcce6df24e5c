import { z } from 'zod';
import { loadAuthority } from '../common/authorities.js';
import { clientCertificateDays } from '../common/client-certificates.js';
import { certificates } from '../common/db/certificates.js';
import type { Cluster } from '../common/db/clusters.js';
import { appendEvent } from '../common/db/events.js';
import { isServiceError, ServiceError } from '../common/errors.js';
import { bundleOf, trustedAuthorities, USERS_AUTHORITY } from '../common/trusted-authorities.js';
import { signUserRequest } from '../common/x509.js';
import { acceptedAnswer, linkList } from './answers.js';
import { rotateCa } from './certificate-rotate.js';
import { getCluster, loadCluster } from './clusters/find-cluster.js';
import type { Api } from './deps.js';
import { requiredText, text } from './fields.js';
import { enforce, ownScope } from './identity.js';
import { type ApiRequest, type ApiResponse, route } from './route.js';
import { refuse } from './validation.js';
import { links } from './view-values.js';

const COLLECTION = '/v1/certificates';
const MAX_CSR_CHARACTERS = 65_536;

/** Which of the cluster's authorities serves a `ca_cert_type`; every other type means the main one, as upstream. */
const AUTHORITY_OF_TYPE = new Map([
  ['etcd', 'etcd'],
  ['front_proxy', 'front-proxy'],
  ['front-proxy', 'front-proxy'],
]);

function authorityName(caCertType: string | undefined): string {
  return AUTHORITY_OF_TYPE.get(caCertType ?? '') ?? USERS_AUTHORITY;
}

const showQuery = z.strictObject({ ca_cert_type: text() });

/** Clients of bays, and gophercloud, say `bay_uuid`. */
const signBody = z.strictObject({
  cluster_uuid: text(),
  bay_uuid: text(),
  csr: requiredText(MAX_CSR_CHARACTERS),
  ca_cert_type: text(),
});

const certificateAnswer = z.strictObject({
  cluster_uuid: z.string(),
  bay_uuid: z.string(),
  pem: z.string(),
  csr: z.string().optional(),
  ca_cert_type: z.string().nullable().optional(),
  links: linkList,
});

async function show(
  api: Api,
  request: ApiRequest<z.output<typeof showQuery>, undefined>,
  cluster: Cluster,
): Promise<ApiResponse> {
  const name = authorityName(request.query.ca_cert_type);
  const trusted = await api.db.read('certificate-show', (query) => trustedAuthorities(query, cluster.uuid, name));
  if (trusted.length === 0) throw noAuthority(cluster, name);
  const shared = { cluster_uuid: cluster.uuid, bay_uuid: cluster.uuid };
  return {
    status: 200,
    body: { ...shared, pem: bundleOf(trusted), links: links(request.baseUrl, `certificates/${cluster.uuid}`) },
  };
}

async function sign(api: Api, request: ApiRequest<undefined, z.output<typeof signBody>>): Promise<ApiResponse> {
  const { csr, ca_cert_type: caCertType, ...owner } = request.body;
  const cluster = await clusterOf(api, request, owner.cluster_uuid ?? owner.bay_uuid);
  enforce(api.policy, request.identity, 'certificate:create', cluster);
  const name = authorityName(caCertType);
  const authority = await api.db.read('certificate-authority', (query) =>
    loadAuthority(query, api.sealer, cluster.uuid, name),
  );
  if (authority === undefined) throw noAuthority(cluster, name);
  const now = api.clock.now();
  const { clientTermOfValidity, allowCa } = api.config.x509;
  const days = clientCertificateDays(cluster.labels, clientTermOfValidity);
  const signed = await signUserRequest(csr, authority, { days, allowCa, now });
  const { pem, serial, subject, notAfter } = signed;
  const { userId } = request.identity;
  await api.db.transaction('certificate-sign', async (trx) => {
    const shared = { uuid: api.ids.uuid(), createdAt: now };
    await certificates.insert(trx, {
      ...shared,
      owner: cluster.uuid,
      kind: 'issued',
      name,
      serial,
      subject,
      pem,
      notAfter,
    });
    await appendEvent(trx, {
      ...shared,
      clusterId: cluster.uuid,
      projectId: cluster.projectId,
      actor: userId,
      kind: 'certificate_signed',
      message: `A certificate for ${subject} was signed, good until ${new Date(notAfter).toISOString()}.`,
      details: { serial, authority: name },
    });
  });
  const shown = { cluster_uuid: cluster.uuid, bay_uuid: cluster.uuid, csr, pem, ca_cert_type: caCertType ?? null };
  return { status: 201, body: { ...shown, links: links(request.baseUrl, `certificates/${cluster.uuid}`) } };
}

/** An unknown cluster in a body is a 400. */
async function clusterOf(
  api: Api,
  request: ApiRequest<undefined, unknown>,
  ident: string | undefined,
): Promise<Cluster> {
  if (ident === undefined) refuse([{ field: 'cluster_uuid', message: 'missing' }]);
  try {
    return await getCluster(api, ownScope(request.identity), ident ?? '');
  } catch (error) {
    if (!isServiceError(error, 'not_found')) throw error;
    throw new ServiceError('invalid', error.message, { code: error.code, field: 'cluster_uuid', cause: error });
  }
}

function noAuthority(cluster: Cluster, name: string): ServiceError {
  const message =
    name === USERS_AUTHORITY
      ? `Cluster ${cluster.name} has no certificate authority: it is made without TLS, or not yet far enough.`
      : `Cluster ${cluster.name} has no certificate authority ${name}.`;
  return new ServiceError('not_found', message, { code: 'authority_not_found' });
}

export const certificateRoutes = [
  route({
    method: 'GET',
    path: `${COLLECTION}/{cluster}`,
    policy: 'certificate:get',
    load: loadCluster,
    query: showQuery,
    answers: { 200: certificateAnswer },
    handler: show,
  }),
  // Which cluster it is stands in the body, so the policy is asked again with that cluster as its target.
  route({
    method: 'POST',
    path: COLLECTION,
    policy: 'certificate:create',
    body: signBody,
    answers: { 201: certificateAnswer },
    handler: sign,
  }),
  route({
    method: 'PATCH',
    path: `${COLLECTION}/{cluster}`,
    policy: 'certificate:rotate_ca',
    load: loadCluster,
    answers: { 202: acceptedAnswer },
    handler: rotateCa,
  }),
];
