import { deleteSnapshot, listSnapshots } from '../../../openstack/block-storage/snapshots.js';
import { deleteVolume, listVolumes } from '../../../openstack/block-storage/volumes.js';
import { isConflict, isStatus } from '../../../openstack/errors.js';
import {
  createApplicationCredential,
  deleteApplicationCredential,
  findApplicationCredential,
} from '../../../openstack/identity/application-credentials.js';
import { deleteLoadBalancer, listLoadBalancers } from '../../../openstack/load-balancing/load-balancers.js';
import { deleteFloatingIp, listFloatingIps } from '../../../openstack/network/floating-ips.js';
import { findNetwork } from '../../../openstack/network/networks.js';
import type { Session, SessionRequest } from '../../../openstack/session.js';
import { until } from '../../support/until.js';
import { type ContractCloud, failureOf, freshName } from './contract-cloud.js';

const ctx = {};
const NOBODY = '00000000-0000-4000-8000-000000000000';
const LIMIT_MS = 240_000;
const PATIENCE = { limitMs: LIMIT_MS, everyMs: 100 };

/** What a cluster may do in the cloud by itself, and how Bayou finds it again and takes it away. */
export function describeCloudUse(cloud: () => ContractCloud): void {
  describe('what clusters make by themselves', () => {
    let project: string;
    beforeAll(async () => {
      project = (await cloud().session('member').identity(ctx)).projectId ?? '';
    });

    async function make<T>(
      session: Session,
      service: SessionRequest['service'],
      path: string,
      body: object,
    ): Promise<T> {
      return (await session.request<T>(ctx, { service, method: 'POST', path, body })).body;
    }

    async function newCredential(...roleNames: string[]) {
      const member = cloud().session('member');
      const name = freshName('credential');
      const roles = (await member.identity(ctx)).roles.filter((role) => roleNames.includes(role.name));
      const input = { name, description: '', roleIds: roles.map(({ id }) => id), expiresAt: Date.now() + 3_600_000 };
      return { member, name, input, made: await createApplicationCredential(member, ctx, input) };
    }

    it('logs in with an application credential of some roles, until that is deleted', async () => {
      const { member, name, input, made } = await newCredential('member');
      const session = cloud().session({ kind: 'applicationCredential', ...made });

      const seen = await session.identity(ctx);
      expect(seen).toMatchObject({ projectId: project, applicationCredential: true });
      expect(seen.roles.map((role) => role.name)).toEqual(expect.arrayContaining(['member']));
      expect(await findApplicationCredential(member, ctx, name)).toEqual({ id: made.id });
      expect(isConflict(await failureOf(createApplicationCredential(member, ctx, input)))).toBe(true);
      const further = createApplicationCredential(session, ctx, { ...input, name: freshName('credential') });
      expect(isStatus(await failureOf(further), 403)).toBe(true);

      expect(await deleteApplicationCredential(member, ctx, made.id)).toBe(true);
      expect(await deleteApplicationCredential(member, ctx, made.id)).toBe(false);
      expect(await findApplicationCredential(member, ctx, name)).toBeUndefined();
      const again = cloud().session({ kind: 'applicationCredential', ...made });
      expect(isStatus(await failureOf(again.identity(ctx)), 401, 404)).toBe(true);
    });

    it(
      'has load balancers that are listed by their project and go with all that is in them',
      async () => {
        const { member, made } = await newCredential('member', 'load-balancer_member');
        const session = cloud().session({ kind: 'applicationCredential', ...made });
        const name = freshName('balancer');
        const { network } = await make<{ network: { id: string } }>(member, 'network', '/networks', {
          network: { name },
        });
        const { subnet } = await make<{ subnet: { id: string } }>(member, 'network', '/subnets', {
          subnet: { name, network_id: network.id, ip_version: 4, cidr: '10.87.0.0/24' },
        });

        const { loadbalancer } = await make<{ loadbalancer: { id: string } }>(
          session,
          'load-balancer',
          '/lbaas/loadbalancers',
          { loadbalancer: { name, vip_subnet_id: subnet.id } },
        );
        const find = async (who: Session) =>
          (await listLoadBalancers(who, ctx, { projectId: project })).find(({ id }) => id === loadbalancer.id);
        expect(await find(member)).toMatchObject({ name, projectId: project });
        expect(await find(cloud().session('service'))).toMatchObject({ name });
        await until(async () => (await find(member))?.status === 'ACTIVE', PATIENCE);
        expect(await deleteLoadBalancer(member, ctx, loadbalancer.id)).toBe(true);
        await until(async () => (await find(member)) === undefined, PATIENCE);
        expect(await deleteLoadBalancer(member, ctx, NOBODY)).toBe(false);

        await member.request(ctx, { service: 'network', method: 'DELETE', path: `/networks/${network.id}` });
        await deleteApplicationCredential(member, ctx, made.id);
      },
      2 * LIMIT_MS,
    );

    it('has no load balancers for who has none of their roles', async () => {
      const { member, made } = await newCredential('member');
      const session = cloud().session({ kind: 'applicationCredential', ...made });

      const refused = make(session, 'load-balancer', '/lbaas/loadbalancers', {
        loadbalancer: { vip_subnet_id: NOBODY },
      });
      expect(isStatus(await failureOf(refused), 403)).toBe(true);
      expect(isStatus(await failureOf(listLoadBalancers(session, ctx, { projectId: project })), 403)).toBe(true);
      await deleteApplicationCredential(member, ctx, made.id);
    });

    it('has floating addresses that keep their description', async () => {
      const member = cloud().session('member');
      const external = await findNetwork(member, ctx, cloud().externalNetwork, { external: true });
      const description = freshName('address');

      const { floatingip } = await make<{ floatingip: { id: string } }>(member, 'network', '/floatingips', {
        floatingip: { floating_network_id: external?.id, description },
      });

      for (const who of [member, cloud().session('service')]) {
        const found = await listFloatingIps(who, ctx, { projectId: project });
        expect(found.find(({ id }) => id === floatingip.id)).toMatchObject({ description, projectId: project });
      }
      expect(await deleteFloatingIp(member, ctx, floatingip.id)).toBe(true);
      expect(await deleteFloatingIp(member, ctx, floatingip.id)).toBe(false);
    });

    it(
      'has volumes that are found by their metadata, and stay while they have snapshots',
      async () => {
        const member = cloud().session('member');
        const value = freshName('volume');
        const metadata = { 'cinder.csi.openstack.org/cluster': value };
        const volumes = (who: Session, isAdmin = false) =>
          listVolumes(who, ctx, { projectId: project, isAdmin, metadata });

        const { volume } = await make<{ volume: { id: string } }>(member, 'block-storage', '/volumes', {
          volume: { name: value, size: 1, metadata },
        });
        await until(async () => (await volumes(member))[0]?.status === 'available', PATIENCE);
        expect(await volumes(member)).toMatchObject([{ id: volume.id, name: value, sizeGib: 1, metadata }]);
        expect(await volumes(cloud().session('service'), true)).toMatchObject([{ id: volume.id, projectId: project }]);
        expect(await volumes(cloud().session('foreigner'))).toEqual([]);

        const { snapshot } = await make<{ snapshot: { id: string } }>(member, 'block-storage', '/snapshots', {
          snapshot: { name: value, volume_id: volume.id },
        });
        const snapshots = () => listSnapshots(member, ctx, { projectId: project, isAdmin: false, volumeId: volume.id });
        await until(async () => (await snapshots())[0]?.status === 'available', PATIENCE);
        expect(isStatus(await failureOf(deleteVolume(member, ctx, volume.id)), 400)).toBe(true);
        expect(await deleteSnapshot(member, ctx, snapshot.id)).toBe(true);
        await until(async () => (await snapshots()).length === 0, PATIENCE);
        expect(await deleteVolume(member, ctx, volume.id)).toBe(true);
        await until(async () => (await volumes(member)).length === 0, PATIENCE);
        expect(await deleteVolume(member, ctx, NOBODY)).toBe(false);
      },
      4 * LIMIT_MS,
    );
  });
}
