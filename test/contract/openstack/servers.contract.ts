import { lastRebuild } from '../../../openstack/compute/server-actions.js';
import { removeServerItem, setServerItem } from '../../../openstack/compute/server-metadata.js';
import { findServer, listServers } from '../../../openstack/compute/servers.js';
import { isNotFound, isStatus } from '../../../openstack/errors.js';
import { createStack, deleteStack, findStackById, type StackRef } from '../../../openstack/orchestration/stacks.js';
import type { Session } from '../../../openstack/session.js';
import { until } from '../../support/until.js';
import { type ContractCloud, failureOf, freshName } from './contract-cloud.js';
import { definitionOf, serversTemplate, settled } from './orchestration.contract.js';

const ctx = {};
const NO_ID = '00000000-0000-4000-8000-000000000000';
const FIVE_MINUTES_MS = 300_000;

/** What is said to a running server, and what its disk has gone through. */
export function describeServers(cloud: () => ContractCloud): void {
  describe('servers that run', () => {
    let member: Session;
    let stack: StackRef;
    let id: string;

    beforeAll(async () => {
      member = cloud().session('member');
      const name = freshName('server');
      const definition = definitionOf(cloud(), serversTemplate([name]));
      stack = { name, id: (await createStack(member, ctx, { name, ...definition })).id };
      expect(await settled(cloud(), member, stack)).toMatchObject({ action: 'CREATE', status: 'COMPLETE' });
      id = (await listServers(member, ctx, { namePrefix: name }))[0]?.id ?? '';
    });
    afterAll(async () => {
      await deleteStack(member, ctx, stack);
      const limitMs = cloud().stackLimitMs;
      await until(async () => (await findStackById(member, ctx, stack))?.action === 'DELETE', { limitMs });
      await until(async () => (await listServers(member, ctx, { namePrefix: stack.name })).length === 0, { limitMs });
    });

    it('take items of metadata of 255 characters beside those that they have, and give them up', async () => {
      const value = 'x'.repeat(255);

      await setServerItem(member, ctx, id, { name: 'one', value: 'first' });
      await setServerItem(member, ctx, id, { name: 'two', value });
      await setServerItem(member, ctx, id, { name: 'two', value });
      expect((await findServer(member, ctx, id))?.metadata).toEqual({ one: 'first', two: value });

      const tooLong = setServerItem(member, ctx, id, { name: 'one', value: `${value}x` });
      expect(isStatus(await failureOf(tooLong), 400)).toBe(true);
      expect(await removeServerItem(member, ctx, id, 'one')).toBe(true);
      expect(await removeServerItem(member, ctx, id, 'one')).toBe(false);
      expect((await findServer(member, ctx, id))?.metadata).toEqual({ two: value });
    });

    it('are those of their project alone', async () => {
      const foreigner = cloud().session('foreigner');

      expect(isNotFound(await failureOf(setServerItem(foreigner, ctx, id, { name: 'x', value: 'y' })))).toBe(true);
      expect(isNotFound(await failureOf(lastRebuild(foreigner, ctx, id)))).toBe(true);
      expect(await removeServerItem(foreigner, ctx, id, 'two')).toBe(false);
      expect(await removeServerItem(member, ctx, NO_ID, 'two')).toBe(false);
    });

    it('say when Nova last made their disks anew, keep their metadata over it, and take more meanwhile', async () => {
      expect(await lastRebuild(member, ctx, id)).toBeUndefined();
      await setServerItem(member, ctx, id, { name: 'before', value: 'x' });

      const begun = Date.now();
      await rebuild(member, id, cloud().image.name);
      await setServerItem(member, ctx, id, { name: 'meanwhile', value: 'x' });
      const isActive = async () => (await findServer(member, ctx, id))?.status === 'ACTIVE';
      await until(isActive, { limitMs: cloud().stackLimitMs, everyMs: 100 });

      expect((await findServer(member, ctx, id))?.metadata).toMatchObject({ before: 'x', meanwhile: 'x' });
      expect(Math.abs(((await lastRebuild(member, ctx, id)) ?? 0) - begun)).toBeLessThan(FIVE_MINUTES_MS);
    });
  });
}

async function rebuild(session: Session, serverId: string, imageName: string): Promise<void> {
  const { body } = await session.request<{ images: { id: string }[] }>(ctx, {
    service: 'image',
    method: 'GET',
    path: '/images',
    query: { name: imageName },
  });
  await session.request(ctx, {
    service: 'compute',
    method: 'POST',
    path: `/servers/${serverId}/action`,
    body: { rebuild: { imageRef: body.images[0]?.id } },
  });
}
