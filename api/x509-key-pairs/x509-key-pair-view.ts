import { z } from 'zod';
import { privateKeyPurpose, type X509KeyPair } from '../../common/db/x509-key-pairs.js';
import type { Sealer } from '../../common/sealing.js';
import { linkList, timeText, uuidText } from '../answers.js';
import { isoTime, links } from '../view-values.js';

export const x509KeyPairAnswer = z.strictObject({
  uuid: uuidText,
  name: z.string().nullable(),
  bay_uuid: uuidText,
  ca_cert: z.string().nullable(),
  certificate: z.string().nullable(),
  private_key: z.string().nullable(),
  created_at: timeText,
  updated_at: timeText.nullable(),
  links: linkList,
});

/** With the private key: whoever sees the record is who left it here. */
export function x509KeyPairView(sealer: Sealer, keyPair: X509KeyPair, baseUrl: string) {
  const { uuid, privateKeySealed: sealed } = keyPair;
  return {
    uuid,
    name: keyPair.name ?? null,
    bay_uuid: keyPair.clusterId,
    ca_cert: keyPair.caCert ?? null,
    certificate: keyPair.certificate ?? null,
    private_key: sealed === undefined ? null : sealer.open(privateKeyPurpose(uuid), sealed),
    created_at: isoTime(keyPair.createdAt),
    updated_at: isoTime(keyPair.updatedAt),
    links: links(baseUrl, `x509keypairs/${uuid}`),
  };
}
