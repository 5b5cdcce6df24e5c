import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ListenerFixture, startListenerFixture } from '../support/listener-fixture.js';
import { addNode } from '../support/swarm-nodes.js';
import { Machine } from './machine.js';

const VOLUME = '0f3c6a52-9d1b-4c6e-8a77-5b1f0e2d3c4a';
const OTHER = '7d1e2f3a-0000-4c6e-8a77-5b1f0e2d3c4a';
const STEP = 'steps/node-volume.sh';
const DISK = `virtio-${VOLUME.slice(0, 20)}`;

describe("a node's volume", () => {
  let folder: string;
  let fixture: ListenerFixture;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bayou-volume-'));
    fixture = await startListenerFixture();
  });
  afterEach(async () => {
    await fixture.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** A machine to which the disk is attached, holding this. */
  async function machineWith(content: string, disk = DISK): Promise<Machine> {
    const node = await addNode(fixture, 'web-worker-0', 'worker', {}, { volumes: { containers: VOLUME } });
    return withDisk(new Machine(folder, node), content, disk);
  }

  function withDisk(machine: Machine, content: string, disk: string): Machine {
    mkdirSync(join(machine.root, 'dev/disk/by-id'), { recursive: true });
    machine.write('etc/fstab', '# kept\nUUID=root / ext4 defaults 0 1\n');
    machine.write(`dev/disk/by-id/${disk}`, content);
    return machine;
  }

  it.each([DISK, `scsi-0QEMU_QEMU_HARDDISK_${VOLUME}`])(
    'is formatted when it is blank, and mounted at every boot (%s)',
    async (disk) => {
      const machine = await machineWith('', disk);

      await machine.run(STEP);

      const fstab = machine.read('etc/fstab');
      expect(fstab).toBe(
        [
          '# kept',
          'UUID=root / ext4 defaults 0 1',
          'UUID=11111111-2222 /var/lib/docker ext4 defaults,nofail,x-systemd.before=docker.service 0 2\n',
        ].join('\n'),
      );
      expect(machine.read('fake/mounts')).toBe(`${join(machine.root, 'var/lib/docker')}\n`);
      await machine.run(STEP);
      expect(machine.read('etc/fstab')).toBe(fstab);
    },
  );

  it('keeps the file system that it has', async () => {
    const machine = await machineWith('UUID=abcd\nTYPE=xfs\n');

    await machine.run(STEP);

    expect(machine.read('etc/fstab')).toContain('UUID=abcd /var/lib/docker xfs');
  });

  it('that is not there to be mounted yet is no success: mount passes over it in silence, because of nofail', async () => {
    const machine = await machineWith('');
    machine.write('fake/mount-finds-nothing', '');

    await expect(machine.run(STEP)).rejects.toThrow();
    rmSync(join(machine.root, 'fake/mount-finds-nothing'));
    await machine.run(STEP);

    expect(machine.read('fake/mounts')).toBe(`${join(machine.root, 'var/lib/docker')}\n`);
  });

  it('is left alone when it holds something else', async () => {
    const machine = await machineWith('PTTYPE=gpt\n');

    await expect(machine.run(STEP)).rejects.toThrow();

    expect(machine.read(`dev/disk/by-id/${DISK}`)).toBe('PTTYPE=gpt\n');
    expect(machine.read('fake/mounts')).toBe('');
  });

  it.each([
    ['', 'UUID=11111111-2222 /var/lib/etcd ext4'],
    ['UUID=abcd\nTYPE=xfs\n', 'UUID=abcd /var/lib/etcd xfs'],
  ])('is of etcd on a master, which does not start without it (holding "%s")', async (content, line) => {
    const more = { driver: 'kubernetes', volumes: { containers: OTHER, etcd: VOLUME } };
    const node = await addNode(fixture, 'web-master-0', 'master', {}, more);
    const machine = withDisk(new Machine(folder, node), content, DISK);

    await machine.run('steps/etcd-volume.sh');
    await machine.run('steps/etcd-volume.sh');

    expect(machine.read('etc/fstab').split('\n')).toEqual([
      '# kept',
      'UUID=root / ext4 defaults 0 1',
      `${line} defaults,nofail,x-systemd.before=etcd.service 0 2`,
      '',
    ]);
    expect(machine.read('fake/mounts')).toBe(`${join(machine.root, 'var/lib/etcd')}\n`);
    expect(machine.read('etc/systemd/system/etcd.service.d/volume.conf')).toBe(
      '[Unit]\nRequiresMountsFor=/var/lib/etcd\n',
    );
  });

  it('of etcd is left alone when it holds something else', async () => {
    const more = { driver: 'kubernetes', volumes: { etcd: VOLUME } };
    const node = await addNode(fixture, 'web-master-0', 'master', {}, more);
    const machine = withDisk(new Machine(folder, node), 'PTTYPE=gpt\n', DISK);

    await expect(machine.run('steps/etcd-volume.sh')).rejects.toThrow();

    expect([machine.read(`dev/disk/by-id/${DISK}`), machine.read('fake/mounts')]).toEqual(['PTTYPE=gpt\n', '']);
  });
});
