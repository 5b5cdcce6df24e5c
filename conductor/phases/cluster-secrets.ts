import { generateKeyPairSync } from 'node:crypto';
import { loadAuthority } from '../../common/authorities.js';
import type { Query } from '../../common/db/database.js';
import { secrets } from '../../common/db/secrets.js';
import { ServiceError } from '../../common/errors.js';
import type { SecretPlan } from '../../drivers/driver.js';
import type { Work } from '../work.js';

/** Authorities are there before. What is there already stays as it is. */
export async function ensureSecrets(work: Work, planned: readonly SecretPlan[]): Promise<void> {
  await work.fenced('cluster secrets', async (trx) => {
    for (const { name, readableBy, writableBy, initial } of planned) {
      const owner = work.cluster.uuid;
      if ((await secrets.find(trx, { owner, name })) !== undefined) continue;
      const value = await initialValue(work, trx, initial);
      await secrets.insert(trx, {
        owner,
        name,
        sealed: value === undefined ? undefined : work.deps.sealer.seal(`${owner}/${name}`, value),
        readableBy: [...readableBy],
        writableBy: [...writableBy],
        createdAt: work.now(),
      });
    }
  });
}

/** After authorities have changed: those that are handed out are the ones that sign now. */
export async function renewAuthorities(work: Work, trx: Query, planned: readonly SecretPlan[]): Promise<void> {
  const owner = work.cluster.uuid;
  for (const { name, initial } of planned) {
    if (typeof initial !== 'object' || !('authority' in initial)) continue;
    const sealed = work.deps.sealer.seal(`${owner}/${name}`, await authorityText(work, trx, initial.authority));
    await secrets.update(trx, { owner, name }, { sealed, updatedAt: work.now() });
  }
}

async function initialValue(work: Work, trx: Query, initial: SecretPlan['initial']): Promise<string | undefined> {
  if (initial === undefined) return undefined;
  if (initial === 'private_key') return newPrivateKey();
  return 'text' in initial ? initial.text : authorityText(work, trx, initial.authority);
}

async function authorityText({ cluster, deps }: Work, trx: Query, name: string): Promise<string> {
  const authority = await loadAuthority(trx, deps.sealer, cluster.uuid, name);
  if (authority === undefined) throw new ServiceError('internal', `There is no authority ${name} of ${cluster.uuid}`);
  return JSON.stringify({ certificate: authority.certificatePem, key: authority.privateKeyPem });
}

/** In the form that OpenSSL and Go read without being told what it is. */
function newPrivateKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'sec1', format: 'pem' }).toString();
}
