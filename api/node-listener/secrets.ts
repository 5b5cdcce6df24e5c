import { z } from 'zod';
import type { Query } from '../../common/db/database.js';
import { type Secret, secrets } from '../../common/db/secrets.js';
import { ServiceError } from '../../common/errors.js';
import { SIGNING_AUTHORITY } from '../../common/trusted-authorities.js';
import { tellOfAuthorityKey } from './authority-key.js';
import { parseBody } from './body.js';
import type { Answer, ListenerContext, NodeCall } from './context.js';
import { writeReport } from './node-writes.js';
import { SECRET_UNKNOWN } from './refusals.js';

const MAX_VALUE_CHARACTERS = 16_384;
const schema = z.object({ value: z.string().min(1).max(MAX_VALUE_CHARACTERS) });

/** How soon a node asks again for what another node has not sent yet. */
const ASK_AGAIN_SECONDS = 2;
const EVERY_ROLE = '*';

/** Values that nodes of one cluster hand to each other, such as join tokens. By role: a worker reads no manager's. */
export async function getSecret(context: ListenerContext, { node, name }: NodeCall): Promise<Answer> {
  const { db, sealer } = context.deps;
  const secret = await db.read('secret-find', (query) => find(query, node.clusterId, name));
  if (!allows(secret.readableBy, node.role)) throw notFor(node.role, 'read');
  if (secret.sealed === undefined) {
    throw new ServiceError('not_found', 'This secret has not been sent yet', {
      code: 'secret_not_sent',
      retryAfterSeconds: ASK_AGAIN_SECONDS,
    });
  }
  const value = sealer.open(`${secret.owner}/${secret.name}`, secret.sealed);
  if (name === SIGNING_AUTHORITY) await tellOfAuthorityKey(context, node, value);
  return { body: { value } };
}

export async function putSecret(context: ListenerContext, { node, name, body }: NodeCall): Promise<Answer> {
  const { value } = parseBody(schema, body);
  const { sealer } = context.deps;
  await writeReport(context, 'secret-put', node.clusterId, async (trx, now) => {
    const secret = await find(trx, node.clusterId, name);
    if (!allows(secret.writableBy, node.role)) throw notFor(node.role, 'write');
    const purpose = `${secret.owner}/${secret.name}`;
    if (secret.sealed !== undefined && sealer.open(purpose, secret.sealed) === value) return { news: false };
    await secrets.update(trx, { id: secret.id }, { sealed: sealer.seal(purpose, value), updatedAt: now });
    return { news: true };
  });
  return { body: {} };
}

async function find(query: Query, clusterId: string, name: string): Promise<Secret> {
  const secret = await secrets.find(query, { owner: clusterId, name });
  if (secret === undefined) {
    throw new ServiceError('not_found', `This cluster has no secret ${name}`, { code: SECRET_UNKNOWN });
  }
  return secret;
}

function allows(roles: string[], role: string): boolean {
  return roles.includes(role) || roles.includes(EVERY_ROLE);
}

function notFor(role: string, verb: 'read' | 'write'): ServiceError {
  return new ServiceError('forbidden', `Nodes of role ${role} may not ${verb} this secret`);
}
