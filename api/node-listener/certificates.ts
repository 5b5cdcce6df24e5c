import { z } from 'zod';
import { loadAuthority } from '../../common/authorities.js';
import { type CertificateProfile, nodes } from '../../common/db/nodes.js';
import { ServiceError } from '../../common/errors.js';
import { authoritiesForNodes, bundleOf } from '../../common/trusted-authorities.js';
import { nameSchema, parseBody } from './body.js';
import type { Answer, ListenerContext, NodeCall } from './context.js';
import { nodeGone } from './errors.js';
import type { NodeView } from './node-view.js';
import { signForNode } from './signing.js';

const schema = z.object({ profile: nameSchema, csr: z.string() });

/** Two years at most, and never longer than the authority. */
const CERTIFICATE_DAYS = 730;
const MINUTES_PER_DAY = 1440;

/** A certificate of one of the node's own profiles: of the request only the public key counts. */
export async function signProfile(context: ListenerContext, { node, body }: NodeCall): Promise<Answer> {
  const { profile: name, csr } = parseBody(schema, body);
  const profile = (await profilesOf(context, node)).get(name);
  if (profile === undefined) {
    throw new ServiceError('forbidden', `This node has no certificate profile ${name}`, { field: 'profile' });
  }
  const { db, sealer } = context.deps;
  const { authority, trusted } = await db.read('authority-load', async (query) => {
    const trusted = await authoritiesForNodes(query, node.clusterId, profile.ca);
    return { trusted, authority: await loadAuthority(query, sealer, node.clusterId, profile.ca, trusted[0]?.role) };
  });
  if (authority === undefined) throw notYet(profile.ca);
  const { commonName, organization } = profile;
  const signed = await signForNode(context, {
    nodeId: node.uuid,
    owner: node.clusterId,
    name,
    authority,
    csrPem: csr,
    subject: { commonName, ...(organization === undefined ? {} : { organization }) },
    names: profile.names,
    usages: profile.usages,
    days: profile.lifetimeMinutes === undefined ? CERTIFICATE_DAYS : profile.lifetimeMinutes / MINUTES_PER_DAY,
    ...(profile.once === true || profile.lifetimeMinutes !== undefined ? { told: node } : {}),
    once: profile.once === true,
  });
  return { body: { certificate: signed.pem, ca: bundleOf(trusted) } };
}

/**
 * Whom to trust for what an authority of the node's own cluster signs is no secret. While authorities change these are
 * two certificates; the first one is of the one that signs.
 */
export async function getAuthority(context: ListenerContext, { node, name }: NodeCall): Promise<Answer> {
  const trusted = await context.deps.db.read('authority-find', (query) =>
    authoritiesForNodes(query, node.clusterId, name),
  );
  if (trusted.length === 0) throw notYet(name);
  return { body: { certificate: bundleOf(trusted) } };
}

async function profilesOf(context: ListenerContext, node: NodeView): Promise<Map<string, CertificateProfile>> {
  const row = await context.deps.db.read('node-profiles', (query) => nodes.find(query, { uuid: node.uuid }));
  if (row === undefined) throw nodeGone();
  return new Map(Object.entries(row.certificateProfiles));
}

function notYet(authority: string): ServiceError {
  return new ServiceError('not_found', `The authority ${authority} does not exist yet`, { retryAfterSeconds: 2 });
}
