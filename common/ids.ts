import { randomBytes, randomUUID } from 'node:crypto';

/** Identifiers and randomness as a dependency, so that a seeded test sees the same ones each run. */
export interface Ids {
  /** A lower-case UUID with hyphens. */
  uuid(): string;
  /** A secret of `bytes` random bytes, base64url. */
  secret(bytes: number): string;
  /** A number from 0 (included) to 1 (excluded), for jitter; never for secrets. */
  random(): number;
}

export const systemIds: Ids = {
  uuid: () => randomUUID(),
  secret: (bytes) => randomBytes(bytes).toString('base64url'),
  random: () => Math.random(),
};
