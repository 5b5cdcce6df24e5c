import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ListenerFixture, startListenerFixture } from '../support/listener-fixture.js';
import { addNode } from '../support/swarm-nodes.js';
import { Machine } from './machine.js';

const VOLUME = '0f3c6a52-9d1b-4c6e-8a77-5b1f0e2d3c4a';
const STEP = 'steps/node-volume.sh';

describe("the volume of a node's Docker", () => {
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
  async function machineWith(content: string, disk = `virtio-${VOLUME.slice(0, 20)}`): Promise<Machine> {
    const node = await addNode(fixture, 'web-worker-0', 'worker', {}, { volume: VOLUME });
    const machine = new Machine(folder, node);
    mkdirSync(join(machine.root, 'dev/disk/by-id'), { recursive: true });
    machine.write('etc/fstab', '# kept\nUUID=root / ext4 defaults 0 1\n');
    machine.write(`dev/disk/by-id/${disk}`, content);
    return machine;
  }

  it.each([`virtio-${VOLUME.slice(0, 20)}`, `scsi-0QEMU_QEMU_HARDDISK_${VOLUME}`])(
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

  it('is left alone when it holds something else', async () => {
    const machine = await machineWith('PTTYPE=gpt\n');

    await expect(machine.run(STEP)).rejects.toThrow();

    expect(machine.read(`dev/disk/by-id/virtio-${VOLUME.slice(0, 20)}`)).toBe('PTTYPE=gpt\n');
    expect(machine.read('fake/mounts')).toBe('');
  });
});
