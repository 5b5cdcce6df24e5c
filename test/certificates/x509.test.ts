import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Authority,
  certificateInfo,
  createAuthority,
  createRequest,
  requestKeyHash,
  signRequest,
  signUserRequest,
  validFor,
} from '../../common/x509.js';

const now = Date.now();
const user = { days: 30, allowCa: false, now };
let folder: string;
let authority: Authority;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bayou-x509-'));
  authority = await createAuthority({ commonName: 'web', ...validFor(1825, now) });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function openssl(args: string[], input = ''): string {
  return execFileSync('openssl', args, { cwd: folder, input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] });
}

/** A request made by the program that users have. */
function opensslRequest(options: { key?: string[]; subject?: string; extensions?: string[] } = {}): string {
  const key = options.key ?? ['-newkey', 'rsa:2048'];
  const extensions = (options.extensions ?? []).flatMap((line) => ['-addext', line]);
  const subject = options.subject ?? '/O=system:masters/CN=admin';
  return openssl(['req', '-new', ...key, '-nodes', '-keyout', 'user.key', '-subj', subject, ...extensions]);
}

function asText(pem: string): string {
  return openssl(['x509', '-noout', '-text'], pem);
}

function verifiesStrictly(pem: string): string {
  writeFileSync(join(folder, 'ca.pem'), authority.certificatePem);
  writeFileSync(join(folder, 'cert.pem'), pem);
  return openssl(['verify', '-x509_strict', '-CAfile', 'ca.pem', 'cert.pem']);
}

describe('authorities', () => {
  test('an authority signs no further authorities and its name is cut to what X.509 allows', async () => {
    const made = await createAuthority({ commonName: 'ü'.repeat(200), ...validFor(10, now) });

    expect(asText(made.certificatePem)).toContain('CA:TRUE, pathlen:0');
    expect(certificateInfo(made.certificatePem).commonName).toBe('ü'.repeat(64));
    expect(made.certificatePem.endsWith('-----END CERTIFICATE-----')).toBe(true);
  });
});

describe('certificates by profile', () => {
  test('hold the profile and nothing that the request asked for', async () => {
    const csrPem = opensslRequest({
      subject: '/O=system:masters/CN=root',
      extensions: ['subjectAltName=DNS:evil', 'basicConstraints=critical,CA:TRUE'],
    });

    const signed = await signRequest({
      csrPem,
      authority,
      subject: { commonName: 'node-1', organization: 'cluster-1' },
      names: ['10.0.0.5', 'web-master-1', 'fd00::1'],
      usages: ['client', 'server'],
      ...validFor(30, now),
    });

    const text = asText(signed.pem);
    expect(verifiesStrictly(signed.pem)).toContain('OK');
    expect(text).toContain('Subject: O = cluster-1, CN = node-1');
    expect(text).toContain('IP Address:10.0.0.5, DNS:web-master-1, IP Address:FD00');
    expect(text).toContain('CA:FALSE');
    expect(text).not.toContain('evil');
  });

  test('end no later than their authority', async () => {
    const { csrPem } = await createRequest({ commonName: 'x' });

    const signed = await signRequest({
      csrPem,
      authority,
      subject: { commonName: 'x' },
      usages: ['client'],
      ...validFor(9999, now),
    });

    expect(signed.notAfter).toBe(certificateInfo(authority.certificatePem).notAfter);
    expect(certificateInfo(signed.pem).serial).toBe(signed.serial);
  });

  test('are refused when the request was signed with another key', async () => {
    const der = Buffer.from(
      (await createRequest({ commonName: 'x' })).csrPem.split('\n').slice(1, -1).join(''),
      'base64',
    );
    der[der.length - 5] = (der[der.length - 5] ?? 0) ^ 1;
    const csrPem = `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----`;

    await expect(requestKeyHash(csrPem)).rejects.toMatchObject({ kind: 'invalid', field: 'csr' });
  });
});

describe("users' requests", () => {
  test('keep their subject and the allowed extensions; others that are not critical are dropped', async () => {
    const csrPem = opensslRequest({
      extensions: [
        'subjectAltName=DNS:client.example',
        'extendedKeyUsage=clientAuth',
        'keyUsage=digitalSignature,keyCertSign',
        'basicConstraints=CA:TRUE',
        'nameConstraints=permitted;DNS:example',
      ],
    });

    const text = asText((await signUserRequest(csrPem, authority, user)).pem);

    expect(text).toContain('Subject: O = system:masters, CN = admin');
    expect(text).toContain('DNS:client.example');
    expect(text).toContain('TLS Web Client Authentication');
    expect(text).toContain('CA:FALSE');
    expect(text).not.toContain('Certificate Sign');
    expect(text).not.toContain('Name Constraints');
  });

  test.each([
    ['basicConstraints=critical,CA:TRUE', 'may sign others'],
    ['keyUsage=critical,keyCertSign', 'key usage'],
    ['nameConstraints=critical,permitted;DNS:example', 'critical extension 2.5.29.30'],
  ])('are refused when they ask for %s', async (extension, words) => {
    const csrPem = opensslRequest({ extensions: [extension] });

    await expect(signUserRequest(csrPem, authority, user)).rejects.toMatchObject({
      kind: 'invalid',
      field: 'csr',
      message: expect.stringContaining(words),
    });
  });

  test('may ask for an authority where the operator allows it', async () => {
    const csrPem = opensslRequest({
      extensions: ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign'],
    });

    const text = asText((await signUserRequest(csrPem, authority, { ...user, allowCa: true })).pem);

    expect(text).toContain('CA:TRUE');
    expect(text).toContain('Certificate Sign');
  });

  test.each([
    ['RSA', ['-newkey', 'rsa:3072']],
    ['EC', ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:secp384r1']],
    ['Ed25519', ['-newkey', 'ed25519']],
  ])('may bring %s keys', async (_kind, key) => {
    const signed = await signUserRequest(opensslRequest({ key }), authority, user);

    expect(verifiesStrictly(signed.pem)).toContain('OK');
  });

  test.each([
    ['nothing', ''],
    ['no PEM', 'hello'],
    ['a PEM block of rubbish', '-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----'],
    [
      'deep nesting',
      `-----BEGIN CERTIFICATE REQUEST-----\n${Buffer.alloc(9000, 0x30).toString('base64')}\n-----END CERTIFICATE REQUEST-----`,
    ],
    ['a text that never ends', `-----BEGIN CERTIFICATE REQUEST-----${'A'.repeat(20_000)}`],
    ['many beginnings', '-----BEGIN CERTIFICATE REQUEST-----\n'.repeat(400)],
  ])('of %s are refused', async (_what, csrPem) => {
    await expect(signUserRequest(csrPem, authority, user)).rejects.toMatchObject({ kind: 'invalid', field: 'csr' });
  });

  test('with a weak RSA key are refused', async () => {
    const csrPem = opensslRequest({ key: ['-newkey', 'rsa:768'] });

    await expect(signUserRequest(csrPem, authority, user)).rejects.toMatchObject({
      message: expect.stringContaining('768 bits'),
    });
  });
});
