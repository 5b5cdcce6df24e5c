import { X509Certificate } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { z } from 'zod';
import { createRequest, verifiedCertificate } from '../../../common/x509.js';
import type { PlayedStep, PlayedTask } from './member.js';
import { type Action, call, type PlayedNode, textOf } from './played-node.js';

/** What the scripts do that all orchestrators have. */
export const COMMON_STEPS: Readonly<Record<string, PlayedStep>> = { registry: registryLogin };

export const COMMON_TASKS: Readonly<Record<string, PlayedTask>> = {
  'load-balancer': (node, { masters = '' }) => {
    const words = `HAProxy is before ${masters}`;
    node.say(words);
    return words;
  },
  async *registry(node) {
    yield* registryLogin(node);
    return 'the registry has the newest login';
  },
  'collect-logs': (node, { upload = '' }) => sendCollected(node, upload),
};

/** What a machine has of a journal is what it printed on its console. */
function collectedText(node: PlayedNode): Buffer {
  const { name } = node.userData.node.node;
  return gzipSync(`===== journal bayou-node of ${name} =====\n${node.said().join('\n')}\n`);
}

/** As `tasks/collect-logs.sh`: in one piece, for a played machine says little. */
export async function* sendCollected(node: PlayedNode, upload: string): Action<string> {
  const bytes = collectedText(node);
  const body = { number: 0, last: true, data: bytes.toString('base64') };
  yield* call(node, 'POST', `/v1/collected/${upload}`, body);
  return `sent ${bytes.length} bytes`;
}

const registryLoginSchema = z.object({
  user_id: z.string().min(1),
  password: z.string().min(1),
  auth_url: z.url(),
  storage_url: z.url(),
  container: z.string().min(1),
});

async function* registryLogin(node: PlayedNode): Action {
  const answer = yield* call(node, 'GET', '/v1/secrets/registry-login');
  const login = registryLoginSchema.parse(JSON.parse(textOf(answer, 'value') ?? ''));
  node.say(`the registry logs in as ${login.user_id} to ${login.container}`);
}

/** As `get_certificate`: each profile has a key that stays, and what is signed is not asked for again. */
export async function* getCertificate(node: PlayedNode, profile: string): Action {
  const known = node.profiles.get(profile);
  if (known?.certificate !== undefined) return;
  const csrPem = known?.csrPem ?? (await createRequest({ commonName: 'node' })).csrPem;
  node.profiles.set(profile, { csrPem });
  const answer = yield* call(node, 'POST', '/v1/certificates', { profile, csr: csrPem });
  const pem = textOf(answer, 'certificate') ?? '';
  const certificate = new X509Certificate(pem);
  // Of several it is the first one.
  const authority = new X509Certificate(textOf(answer, 'ca') ?? '');
  if (verifiedCertificate(certificate, authority, node.clock.now()) === undefined) {
    throw new Error(`the certificate ${profile} was not signed by the authority that came with it`);
  }
  node.profiles.set(profile, { csrPem, certificate: pem });
}
