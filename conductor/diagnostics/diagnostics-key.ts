import type { Query } from '../../common/db/database.js';
import { secrets } from '../../common/db/secrets.js';
import type { Sealer } from '../../common/sealing.js';
import { newSshKey, sshPublicKey } from '../../common/ssh/ssh-key.js';
import type { Work } from '../work.js';

/** Name of the secret: the SSH key of a cluster, by which its nodes let us collect their journals and nothing else. */
const DIAGNOSTICS_KEY = 'diagnostics-key';

/** Makes it with the cluster's first nodes. @returns the public half, for node.json */
export async function ensureDiagnosticsKey(work: Work): Promise<string> {
  const { sealer } = work.deps;
  const owner = work.cluster.uuid;
  const known = await work.deps.db.read('diagnostics key', (query) => findDiagnosticsKey(query, sealer, owner));
  if (known !== undefined) return sshPublicKey(known);
  const fresh = newSshKey();
  await work.fenced('diagnostics key', (trx) =>
    secrets.insert(trx, {
      owner,
      name: DIAGNOSTICS_KEY,
      sealed: sealer.seal(purposeOf(owner), fresh),
      readableBy: [],
      writableBy: [],
      createdAt: work.now(),
    }),
  );
  return sshPublicKey(fresh);
}

/** PEM. Undefined: the cluster is older than such keys. */
export async function findDiagnosticsKey(query: Query, sealer: Sealer, owner: string): Promise<string | undefined> {
  const secret = await secrets.find(query, { owner, name: DIAGNOSTICS_KEY });
  return secret?.sealed === undefined ? undefined : sealer.open(purposeOf(owner), secret.sealed);
}

function purposeOf(owner: string): string {
  return `${owner}/${DIAGNOSTICS_KEY}`;
}
