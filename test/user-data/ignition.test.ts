import { gunzipSync } from 'node:zlib';
import { readUserData } from '../../devstack/devcloud/player/user-data.js';
import { distributions } from '../../drivers/distributions.js';
import { NODE_JSON_PLACEHOLDER, TICKET_PLACEHOLDER } from '../../drivers/node-stack.js';
import { VOLUME_PLACEHOLDERS } from '../../drivers/node-volumes.js';
import { makeDrivers } from '../../drivers/registry.js';
import { loadNodeFiles } from '../../drivers/user-data/files.js';
import { userDataOf } from '../../drivers/user-data/formats.js';
import { ignitionConfig } from './ignition-spec.js';

const VOLUME = '0f3c6a52-9d1b-4c6e-8a77-5b1f0e2d3c4a';

const NODE = {
  version: 1,
  cluster: { id: 'c', name: '"; rm -rf / #\n%%BAYOU_TICKET%%, data:' },
  node: { id: 'n', name: 'x', role: 'worker' },
  listener: { url: 'https://127.0.0.1:1', ca: '-----BEGIN CERTIFICATE-----\nx' },
  steps: [],
  heartbeat_seconds: 30,
  settings: {},
};

/** As Heat's str_replace fills it. */
function filled(userData: string): string {
  return userData
    .replace(NODE_JSON_PLACEHOLDER, Buffer.from(JSON.stringify(NODE)).toString('base64'))
    .replace(TICKET_PLACEHOLDER, 'eyJh-_.b.c')
    .replace(VOLUME_PLACEHOLDERS.containers, VOLUME)
    .replace(VOLUME_PLACEHOLDERS.etcd, '');
}

describe('user data for Ignition', () => {
  it.each(
    Object.keys(makeDrivers()).flatMap((driver) => ['flatcar', 'fedora-coreos'].map((distro) => [driver, distro])),
  )('keeps to the specification and to what Nova takes (%s on %s)', (driver, distro) => {
    const userData = userDataOf({ name: driver ?? '' }, distro);

    expect(ignitionConfig.safeParse(JSON.parse(filled(userData))).error).toBeUndefined();
    expect(userDataOf({ name: driver ?? '' }, distro)).toBe(userData);
  });

  it('holds every file byte by byte, and puts them in place once', () => {
    const config = ignitionConfig.parse(JSON.parse(filled(userDataOf({ name: 'swarm' }, 'flatcar'))));
    const written = new Map(config.storage.files?.map((file) => [file.path, file]));
    const script = written.get('/opt/bayou/unpack.sh');

    const [unit] = config.systemd.units ?? [];
    expect(unit).toMatchObject({ name: 'bayou-files.service', enabled: true });
    expect(unit?.contents).toContain('ExecStart=/opt/bayou/unpack.sh\n');
    expect([script?.mode, script?.contents?.compression]).toEqual([0o755, 'gzip']);
    const bytes = Buffer.from(script?.contents?.source.replace('data:;base64,', '') ?? '', 'base64');
    const text = gunzipSync(bytes).toString('utf8');
    for (const { path, content } of loadNodeFiles({ name: 'swarm' })) {
      expect(text).toContain(`put ${path} '${content.replace(/\n$/, '').replaceAll("'", `'\\''`)}'\n`);
    }
    expect(written.get('/etc/bayou/containers-volume')?.contents?.source).toBe(`data:,${VOLUME}`);
    expect(written.get('/etc/bayou/etcd-volume')?.contents?.source).toBe('data:,');
    expect(written.get('/etc/bayou/ticket')?.mode).toBe(0o600);
  });

  it.each(Object.keys(makeDrivers()).flatMap((driver) => Object.keys(distributions).map((distro) => [driver, distro])))(
    'leaves room in what Nova takes (%s on %s)',
    (driver, distro) => {
      expect(Buffer.from(userDataOf({ name: driver }, distro)).toString('base64').length).toBeLessThan(60_000);
    },
  );

  it.each(Object.keys(distributions))('is read by a played node on %s as it was meant', (distro) => {
    const read = readUserData(filled(userDataOf({ name: 'swarm' }, distro)));

    expect(read).toMatchObject({ node: NODE, ticket: 'eyJh-_.b.c' });
    expect(read?.files.has('/opt/bayou/steps/swarm-join.sh')).toBe(true);
  });

  it('is known for no other distribution', () => {
    expect(() => userDataOf({ name: 'swarm' }, 'plan9')).toThrow('No user data is known for plan9');
  });
});
