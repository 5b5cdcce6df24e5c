import { createPublicKey, type KeyObject } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import jwt from 'jsonwebtoken';
import type { Clock } from '../common/clock.js';
import { errorText, ServiceError } from '../common/errors.js';
import type { Log } from '../common/log.js';

/** The one algorithm of Keystone's JWS provider. */
const ALGORITHM = 'ES256';
/** Three parts, however empty: an unsigned one ends in a dot. Keystone's other tokens have none. */
const JWS = /^[\w-]*\.[\w-]*\.[\w-]*$/;
/** Keystone has two while it rotates them. */
const MAX_KEYS = 16;
/** A key that has just been put into the folder signs tokens at once; forgeries must not make us read it each time. */
const READ_AGAIN_MS = 10_000;

interface SignedTokensDeps {
  clock: Clock;
  log: Log;
}

/**
 * Keystone's JWS tokens (its provider `jws`), looked at with its public keys alone. They name no roles: one that holds
 * is still shown to Keystone, one that does not never gets there.
 */
export class SignedTokens {
  readonly #deps: SignedTokensDeps;
  readonly #folder: string;
  #keys: readonly KeyObject[];
  #readAt: number;

  /** @throws ServiceError `invalid` when the folder has no key, or holds what is none. */
  constructor(deps: SignedTokensDeps, folder: string) {
    this.#deps = deps;
    this.#folder = folder;
    this.#keys = readKeys(folder);
    this.#readAt = deps.clock.now();
  }

  /** Whether Keystone may be asked: any token of another kind, and a JWS that it signed and that has not expired. */
  isPlausible(token: string): boolean {
    if (!JWS.test(token)) return true;
    return this.#holds(token) || (this.#readAgain() && this.#holds(token));
  }

  #holds(token: string): boolean {
    const now = Math.floor(this.#deps.clock.now() / 1000);
    return this.#keys.some((key) => {
      try {
        const claims = jwt.verify(token, key, { algorithms: [ALGORITHM], clockTimestamp: now });
        return typeof claims === 'object' && typeof claims.sub === 'string' && typeof claims.exp === 'number';
      } catch {
        return false;
      }
    });
  }

  /** Whether there may be other keys than before. */
  #readAgain(): boolean {
    const { clock, log } = this.#deps;
    if (clock.now() - this.#readAt < READ_AGAIN_MS) return false;
    this.#readAt = clock.now();
    try {
      this.#keys = readKeys(this.#folder);
      return true;
    } catch (error) {
      log.error({ error: errorText(error) }, "Keystone's public keys were not read again");
      return false;
    }
  }
}

function readKeys(folder: string): KeyObject[] {
  try {
    const names = readdirSync(folder, { withFileTypes: true })
      .filter((entry) => !entry.isDirectory() && !entry.name.startsWith('.'))
      .map(({ name }) => name);
    if (names.length === 0) throw new Error(`${folder} holds no key`);
    if (names.length > MAX_KEYS) throw new Error(`${folder} holds more than ${MAX_KEYS} files`);
    return names.toSorted().map((name) => readKey(join(folder, name)));
  } catch (cause) {
    const setting = '[keystone_authtoken] jws_public_key_repository';
    throw new ServiceError('invalid', `${setting}: ${errorText(cause)}`, { cause });
  }
}

function readKey(path: string): KeyObject {
  const text = readFileSync(path, 'utf8');
  const key = text.includes('PRIVATE KEY') ? undefined : publicKeyOf(text);
  if (key?.asymmetricKeyDetails?.namedCurve === 'prime256v1') return key;
  throw new Error(`${path} is no public key for ${ALGORITHM}`);
}

function publicKeyOf(text: string): KeyObject | undefined {
  try {
    return createPublicKey(text);
  } catch {
    return undefined;
  }
}
