import { findFlavor } from '../../../openstack/compute/flavors.js';
import { deleteKeypair, findKeypair, importKeypair } from '../../../openstack/compute/keypairs.js';
import { findServer, listServers } from '../../../openstack/compute/servers.js';
import { isConflict, isStatus } from '../../../openstack/errors.js';
import { findImage } from '../../../openstack/image/images.js';
import { findNetwork } from '../../../openstack/network/networks.js';
import { findSubnet } from '../../../openstack/network/subnets.js';
import { type ContractCloud, failureOf, freshName } from './contract-cloud.js';

const ctx = {};
const NO_ID = '00000000-0000-4000-8000-000000000000';

export function describeCompute(cloud: () => ContractCloud): void {
  describe('images, flavors, networks, keypairs, servers', () => {
    it('finds an image by name and by id', async () => {
      const member = cloud().session('member');
      const image = await findImage(member, ctx, cloud().image.name);

      expect(image).toMatchObject({ ...cloud().image, status: 'active' });
      expect(await findImage(member, ctx, image?.id ?? '')).toEqual(image);
      expect(await findImage(member, ctx, 'no-such-image')).toBeUndefined();
      expect(await findImage(member, ctx, NO_ID)).toBeUndefined();
      for (const operator of ['in', 'eq', 'neq', 'no-such-operator', '']) {
        expect(await findImage(member, ctx, `${operator}:${cloud().image.name}`)).toBeUndefined();
      }
    });

    it('finds a flavor by name and by id', async () => {
      const member = cloud().session('member');
      const flavor = await findFlavor(member, ctx, cloud().flavor);

      expect(flavor).toMatchObject({ name: cloud().flavor, vcpus: expect.any(Number), ramMib: expect.any(Number) });
      expect(await findFlavor(member, ctx, flavor?.id ?? '')).toEqual(flavor);
      expect(await findFlavor(member, ctx, 'no-such-flavor')).toBeUndefined();
      expect(await findFlavor(member, ctx, 'detail')).toBeUndefined();
    });

    it('finds an external network that a member does not own, and its subnets by id', async () => {
      const [member, service] = [cloud().session('member'), cloud().session('service')];
      const network = await findNetwork(member, ctx, cloud().externalNetwork, { external: true });

      expect(network).toMatchObject({ name: cloud().externalNetwork, external: true });
      expect(await findNetwork(member, ctx, network?.id ?? '')).toEqual(network);
      expect(await findNetwork(member, ctx, 'no-such-network')).toBeUndefined();
      expect(await findSubnet(service, ctx, network?.subnetIds[0] ?? '')).toMatchObject({ networkId: network?.id });
      expect(await findSubnet(member, ctx, NO_ID)).toBeUndefined();
    });

    it('keeps keypairs to their user: imported once, unseen by others, deleted, gone', async () => {
      const [member, foreigner] = [cloud().session('member'), cloud().session('foreigner')];
      const input = { name: freshName('key'), publicKey: cloud().publicKey };

      const keypair = await importKeypair(member, ctx, input);
      expect(keypair.fingerprint).toMatch(/^([0-9a-f]{2}:){15}[0-9a-f]{2}$/);
      expect(await findKeypair(member, ctx, input.name)).toEqual(keypair);
      expect(await findKeypair(foreigner, ctx, input.name)).toBeUndefined();
      expect(isConflict(await failureOf(importKeypair(member, ctx, input)))).toBe(true);
      const broken = { name: freshName('key'), publicKey: 'no key at all' };
      expect(isStatus(await failureOf(importKeypair(member, ctx, broken)), 400)).toBe(true);

      expect(await deleteKeypair(member, ctx, input.name)).toBe(true);
      expect(await deleteKeypair(member, ctx, input.name)).toBe(false);
      expect(await findKeypair(member, ctx, input.name)).toBeUndefined();
    });

    it('knows no server that is not there', async () => {
      const member = cloud().session('member');

      expect(await findServer(member, ctx, NO_ID)).toBeUndefined();
      expect(await listServers(member, ctx, { namePrefix: freshName('none') })).toEqual([]);
    });
  });
}
