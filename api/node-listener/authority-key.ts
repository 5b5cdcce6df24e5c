import { X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { events } from '../../common/db/events.js';
import type { ListenerContext } from './context.js';
import type { NodeView } from './node-view.js';
import { lockNode, tellAlways } from './node-writes.js';

const KIND = 'authority_key_given';
const schema = z.object({ certificate: z.string() });

/**
 * Tells the cluster's owner that a node gets the key of their authority, before it does: once for each node and authority,
 * though nodes ask each week. `value` is that of the secret `SIGNING_AUTHORITY`.
 */
export async function tellOfAuthorityKey(context: ListenerContext, node: NodeView, value: string): Promise<void> {
  const { clock, db } = context.deps;
  const authority = new X509Certificate(schema.parse(JSON.parse(value)).certificate).fingerprint256;
  await db.transaction('authority-key', async (trx) => {
    await lockNode(trx, node.uuid, clock.now());
    const earlier = await events.list(trx, { clusterId: node.clusterId, kind: KIND });
    if (earlier.some(({ details }) => details.nodeId === node.uuid && details.authority === authority)) return;
    const message = `Node ${node.name} got the private key of the cluster's certificate authority, as its labels ask for`;
    await tellAlways(context, trx, node, { kind: KIND, message, details: { nodeId: node.uuid, authority } });
  });
}
