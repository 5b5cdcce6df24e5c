import { volumeQuotas } from '../../../openstack/block-storage/volume-quotas.js';
import { listVolumeTypes } from '../../../openstack/block-storage/volume-types.js';
import { listAvailabilityZones } from '../../../openstack/compute/availability-zones.js';
import { computeQuotas } from '../../../openstack/compute/compute-quotas.js';
import { isStatus } from '../../../openstack/errors.js';
import { loadBalancerQuotas } from '../../../openstack/load-balancing/load-balancer-quotas.js';
import { networkQuotas } from '../../../openstack/network/network-quotas.js';
import { findNetwork } from '../../../openstack/network/networks.js';
import { countPorts } from '../../../openstack/network/ports.js';
import { countStacks } from '../../../openstack/orchestration/stack-count.js';
import type { Session } from '../../../openstack/session.js';
import { type ContractCloud, failureOf } from './contract-cloud.js';

const ctx = {};
const NO_ID = '00000000-0000-4000-8000-000000000000';
const QUOTA = { limit: expect.any(Number), used: expect.any(Number) };

/** What the preflight reads before a cluster is accepted, with a member's own token. */
export function describeLimits(cloud: () => ContractCloud): void {
  const projectOf = async (session: Session) => (await session.identity(ctx)).projectId ?? '';

  describe('limits of a project', () => {
    it("are shown to its members by each service, with what is used, under the service's own names", async () => {
      const member = cloud().session('member');
      const projectId = await projectOf(member);

      expect(await computeQuotas(member, ctx, projectId)).toMatchObject({
        instances: QUOTA,
        cores: QUOTA,
        ram: QUOTA,
        server_groups: QUOTA,
        server_group_members: QUOTA,
      });
      expect(await networkQuotas(member, ctx, projectId)).toMatchObject({
        network: QUOTA,
        subnet: QUOTA,
        router: QUOTA,
        port: QUOTA,
        floatingip: QUOTA,
        security_group: QUOTA,
      });
      expect(await volumeQuotas(member, ctx, projectId)).toMatchObject({ volumes: QUOTA, gigabytes: QUOTA });
      expect(await loadBalancerQuotas(member, ctx, projectId)).toMatchObject({ load_balancer: QUOTA });
      expect(await countStacks(member, ctx)).toEqual(expect.any(Number));
    });

    it('are hidden from members of others by Nova and Neutron', async () => {
      const foreigner = cloud().session('foreigner');
      const projectId = await projectOf(cloud().session('member'));

      expect(isStatus(await failureOf(computeQuotas(foreigner, ctx, projectId)), 403, 404)).toBe(true);
      expect(isStatus(await failureOf(networkQuotas(foreigner, ctx, projectId)), 403, 404)).toBe(true);
    });

    it('have the same name for a type of volumes as the list of types', async () => {
      const member = cloud().session('member');
      const [type] = await listVolumeTypes(member, ctx);
      const quotas = await volumeQuotas(member, ctx, await projectOf(member));

      expect(type).toEqual({ id: expect.any(String), name: expect.any(String) });
      expect(quotas).toMatchObject({ [`volumes_${type?.name}`]: QUOTA, [`gigabytes_${type?.name}`]: QUOTA });
    });

    it('go with the zones in which servers may be made', async () => {
      expect(await listAvailabilityZones(cloud().session('member'), ctx)).toContain('nova');
    });

    it('count the ports of one subnet', async () => {
      const service = cloud().session('service');
      const external = await findNetwork(service, ctx, cloud().externalNetwork, { external: true });

      expect(await countPorts(service, ctx, external?.subnetIds[0] ?? '')).toEqual(expect.any(Number));
      expect(await countPorts(service, ctx, NO_ID)).toBe(0);
    });
  });
}
