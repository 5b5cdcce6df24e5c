import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { ServiceError } from './errors.js';

const VERSION = 'v1';
const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Seals secrets with AES-256-GCM. What a value is for (`owner/name`) is bound to it, so a sealed value
 * moved to another row does not open.
 */
export class Sealer {
  private readonly key: Buffer;

  constructor(key: Buffer) {
    if (key.length !== KEY_BYTES) throw new ServiceError('invalid', 'The sealing key must have 32 bytes');
    this.key = key;
  }

  seal(purpose: string, plain: string | Buffer): string {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.key, iv).setAAD(Buffer.from(purpose));
    const body = Buffer.concat([cipher.update(Buffer.from(plain)), cipher.final()]);
    return `${VERSION}:${Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64')}`;
  }

  /** @throws ServiceError `internal` when the key is another one or the value was changed. */
  open(purpose: string, sealed: string): string {
    return this.openBytes(purpose, sealed).toString('utf8');
  }

  /** The same for what is no text. */
  openBytes(purpose: string, sealed: string): Buffer {
    const [version, encoded = ''] = sealed.split(':');
    const bytes = Buffer.from(encoded, 'base64');
    try {
      if (version !== VERSION) throw new Error(`unknown version ${version}`);
      const decipher = createDecipheriv('aes-256-gcm', this.key, bytes.subarray(0, IV_BYTES));
      decipher.setAAD(Buffer.from(purpose)).setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
      return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]);
    } catch (cause) {
      throw new ServiceError('internal', `The secret ${purpose} does not open with this key`, {
        code: 'secret_sealed_otherwise',
        cause,
      });
    }
  }

  /** A key for another use that all processes with this sealing key share, and that reveals nothing of it. */
  derive(use: string): Buffer {
    return Buffer.from(hkdfSync('sha256', this.key, Buffer.alloc(0), `bayou ${use}`, KEY_BYTES));
  }
}

/**
 * Reads the key file; makes it (mode 0600) when `create` is set and it is not there.
 * @throws ServiceError `invalid` that names the file.
 */
export function loadSealer(file: string, create: boolean): Sealer {
  if (!existsSync(file)) {
    if (!create) {
      throw new ServiceError(
        'invalid',
        `[bayou] secret_key_file: ${file} does not exist; make it once with "openssl rand -base64 32 > ${file}" and give it to every process`,
      );
    }
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, `${randomBytes(KEY_BYTES).toString('base64')}\n`, { mode: 0o600, flag: 'wx' });
  }
  const key = Buffer.from(readFileSync(file, 'utf8').trim(), 'base64');
  if (key.length !== KEY_BYTES) {
    throw new ServiceError('invalid', `[bayou] secret_key_file: ${file} must hold 32 bytes as base64`);
  }
  return new Sealer(key);
}
