import { createHash } from 'node:crypto';
import type { Cloud } from '../cloud.js';
import { CloudError } from '../cloud-error.js';
import { type Call, param, type Reply, type Route } from '../http/route.js';
import { type Caller, forbidden } from '../identity/callers.js';
import type { Keypair } from './state.js';

/** Each user sees their own keypairs, in whichever project. */
export function keypairRoutes(cloud: Cloud): Route[] {
  const { compute } = cloud;
  return [
    {
      method: 'GET',
      path: '/v2.1/os-keypairs',
      handle: (_, caller) => {
        const own = [...compute.keypairs.values()].filter((keypair) => keypair.userId === caller.userId);
        return { status: 200, body: { keypairs: own.map((keypair) => ({ keypair: view(keypair) })) } };
      },
    },
    { method: 'POST', path: '/v2.1/os-keypairs', handle: (call, caller) => importKeypair(cloud, call, caller) },
    {
      method: 'GET',
      path: '/v2.1/os-keypairs/:name',
      handle: (call, caller) => {
        const keypair = compute.keypair(caller.userId, param(call, 'name'));
        if (keypair === undefined) throw missing(call, caller);
        return { status: 200, body: { keypair: { ...view(keypair), user_id: keypair.userId } } };
      },
    },
    {
      method: 'DELETE',
      path: '/v2.1/os-keypairs/:name',
      handle: (call, caller) => {
        if (!compute.removeKeypair(ownerOf(call, caller), param(call, 'name'))) throw missing(call, caller);
        return { status: 202 };
      },
    },
  ];
}

/** An admin reaches another user's from 2.10 on. @throws CloudError 403 for anyone else, 400 below. */
function ownerOf(call: Call, caller: Caller): string {
  const wanted = call.query.get('user_id');
  if (wanted === null) return caller.userId;
  const minor = Number(/^compute 2\.(\d+)$/.exec(call.headers['openstack-api-version'] ?? '')?.[1] ?? 1);
  if (minor < 10) throw new CloudError(400, 'Additional properties are not allowed (user_id was unexpected)');
  if (wanted !== caller.userId && !caller.isAdmin) throw forbidden('os_compute_api:os-keypairs:delete');
  return wanted;
}

function missing(call: Call, caller: Caller): CloudError {
  return new CloudError(404, `Keypair ${param(call, 'name')} not found for user ${caller.userId}`);
}

const PUBLIC_KEY = /^(ssh-(rsa|ed25519|dss)|ecdsa-sha2-nistp\d+) +([A-Za-z0-9+/]+={0,2})( .*)?$/;

function importKeypair(cloud: Cloud, call: Call, caller: Caller): Reply {
  const input = (call.body.keypair ?? {}) as { name?: string; public_key?: string };
  if (typeof input.name !== 'string' || !/^[\w .-]{1,255}$/.test(input.name)) {
    throw new CloudError(400, 'Keypair data is invalid: Keypair name contains unsafe characters');
  }
  if (typeof input.public_key !== 'string') {
    throw new CloudError(400, 'The development cloud imports keypairs and makes none: public_key is missing.');
  }
  const fingerprint = fingerprintOf(input.public_key);
  if (fingerprint === undefined) throw new CloudError(400, 'Keypair data is invalid: failed to generate fingerprint');
  if (cloud.compute.keypair(caller.userId, input.name) !== undefined) {
    throw new CloudError(409, `Key pair '${input.name}' already exists.`);
  }
  const used = [...cloud.compute.keypairs.values()].filter((keypair) => keypair.userId === caller.userId).length;
  if (used >= cloud.quotas.limits(caller.projectId ?? '').key_pairs) {
    throw new CloudError(403, 'Quota exceeded, too many key pairs.');
  }
  const keypair = { userId: caller.userId, name: input.name, publicKey: input.public_key, fingerprint };
  cloud.compute.addKeypair(keypair);
  return { status: 200, body: { keypair: { ...view(keypair), user_id: caller.userId } } };
}

/** MD5 with colons, as Nova shows it; undefined for what is no public key. */
export function fingerprintOf(publicKey: string): string | undefined {
  const data = PUBLIC_KEY.exec(publicKey.trim())?.[3];
  if (data === undefined) return undefined;
  const digest = createHash('md5').update(Buffer.from(data, 'base64')).digest('hex');
  return digest.replace(/(..)(?!$)/g, '$1:');
}

function view({ name, publicKey, fingerprint }: Keypair): Record<string, unknown> {
  return { name, public_key: publicKey, fingerprint };
}
