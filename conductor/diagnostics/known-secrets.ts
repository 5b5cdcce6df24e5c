import type { Query } from '../../common/db/database.js';
import { secrets } from '../../common/db/secrets.js';
import type { Sealer } from '../../common/sealing.js';

/** Shorter ones would be found in every second word. */
const MIN_CHARACTERS = 8;
const SECRET_FIELD = /password|secret|token|key/i;

/** What nodes of the cluster were given to keep: texts that must not be in a bundle, the longest first. */
export async function knownSecrets(query: Query, sealer: Sealer, clusterId: string): Promise<string[]> {
  const rows = await secrets.list(query, { owner: clusterId });
  const values = rows
    .filter(({ sealed, readableBy }) => sealed !== undefined && readableBy.length > 0)
    .flatMap(({ name, sealed = '' }) => textsOf(sealer.open(`${clusterId}/${name}`, sealed)));
  const all = values.flatMap((value) => [value, Buffer.from(value).toString('base64')]);
  return [...new Set(all)].filter(({ length }) => length >= MIN_CHARACTERS).sort((a, b) => b.length - a.length);
}

/** Of a JSON object those of its fields that are secret by their names. */
function textsOf(value: string): string[] {
  if (!value.startsWith('{')) return [value];
  try {
    const fields = Object.entries(JSON.parse(value) as Record<string, unknown>);
    return fields.flatMap(([name, field]) => (SECRET_FIELD.test(name) && typeof field === 'string' ? [field] : []));
  } catch {
    return [value];
  }
}
