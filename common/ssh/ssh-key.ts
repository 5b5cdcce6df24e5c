import { generateKeyPairSync } from 'node:crypto';

/** Not Ed25519: ssh2 can't read all that it makes of those (its issue 1390), and reads none that Node makes. */
const CURVE = 'P-256';
const TYPE = 'ecdsa-sha2-nistp256';

/** A private key that SSH can use, PEM (SEC 1). */
export function newSshKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: CURVE });
  return privateKey.export({ type: 'sec1', format: 'pem' }).toString();
}

/** As in authorized_keys, without options: type and base64. */
export function sshPublicKey(privateKeyPem: string): string {
  const { utils } = require('ssh2') as typeof import('ssh2');
  const key = utils.parseKey(privateKeyPem);
  if (key instanceof Error) throw key;
  return `${TYPE} ${key.getPublicSSH().toString('base64')}`;
}
