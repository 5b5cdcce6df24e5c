import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { PasswordCredentials } from '../../../openstack/credentials.js';
import { isConflict, isStatus } from '../../../openstack/errors.js';
import { createUser, deleteUser } from '../../../openstack/identity/users.js';
import {
  deleteContainer,
  deleteObject,
  findContainer,
  listObjects,
  objectPath,
  putContainer,
} from '../../../openstack/object-storage/containers.js';
import {
  findObject,
  findReadableContainer,
  publicUrl,
  putObject,
  putPublicContainer,
} from '../../../openstack/object-storage/objects.js';
import { path } from '../../../openstack/path.js';
import type { Session } from '../../../openstack/session.js';
import { type ContractCloud, failureOf, freshName } from './contract-cloud.js';

const ctx = {};
const OBJECT = 'files/docker/registry/v2/repositories/a b/_layers/ü?&#%2F';

/** What a registry on a node does, by its own login: no session, since such a token has no catalog. */
async function useContainer(url: string, token: string): Promise<Record<string, number>> {
  const call = async (method: string, place: string) =>
    (await fetch(`${url}${place}`, { method, headers: { 'X-Auth-Token': token } })).status;
  return {
    list: await call('GET', '?format=json'),
    write: await call('PUT', path('by the registry')),
    read: await call('GET', path('by the registry')),
    remove: await call('DELETE', path('by the registry')),
    removeAll: await call('DELETE', ''),
  };
}

export function describeObjectStorage(cloud: () => ContractCloud): void {
  describe('object storage', () => {
    const put = (session: Session, container: string, name: string) =>
      session.request(ctx, { service: 'object-store', method: 'PUT', path: objectPath(container, name), body: {} });
    const endpointOf = async (session: Session) =>
      (await session.identity(ctx)).catalog
        .filter(({ type }) => type === 'object-store')
        .flatMap(({ endpoints }) => endpoints)
        .find((endpoint) => endpoint.interface === 'public')?.url ?? '';

    it('gives a container a life: made, made again, filled, listed, emptied, deleted, gone', async () => {
      const member = cloud().session('member');
      const container = freshName('container');

      expect(await findContainer(member, ctx, { name: container })).toBeUndefined();
      await putContainer(member, ctx, container, { userIds: [] });
      await putContainer(member, ctx, container, { userIds: [] });
      await put(member, container, OBJECT);
      await put(member, container, 'files/a');

      expect(await listObjects(member, ctx, { container, limit: 10 })).toEqual(['files/a', OBJECT]);
      expect(await listObjects(member, ctx, { container, limit: 1 })).toEqual(['files/a']);
      expect(isConflict(await failureOf(deleteContainer(member, ctx, { name: container })))).toBe(true);
      expect(await deleteObject(member, ctx, { container, name: OBJECT })).toBe(true);
      expect(await deleteObject(member, ctx, { container, name: OBJECT })).toBe(false);
      await deleteObject(member, ctx, { container, name: 'files/a' });
      expect(await listObjects(member, ctx, { container, limit: 10 })).toEqual([]);
      expect(await deleteContainer(member, ctx, { name: container })).toBe(true);
      expect(await deleteContainer(member, ctx, { name: container })).toBe(false);
      expect(isStatus(await failureOf(listObjects(member, ctx, { container, limit: 1 })), 404)).toBe(true);
    });

    it('deletes objects whose names are no parts of a path', async () => {
      const member = cloud().session('member');
      const container = freshName('container');
      const names = ['.', '..', '../..', '/'];
      await putContainer(member, ctx, container, { userIds: [] });
      for (const name of names) await put(member, container, name);

      expect(await listObjects(member, ctx, { container, limit: 10 })).toEqual([...names].sort());
      for (const name of names) expect(await deleteObject(member, ctx, { container, name })).toBe(true);
      expect(await deleteContainer(member, ctx, { name: container })).toBe(true);
    });

    it('keeps bytes with their sum, refuses others, and gives them to everybody where the container says so', async () => {
      const member = cloud().session('member');
      const container = freshName('container');
      const name = 'kubernetes/v1.20.2/amd64/kubelet';
      const content = Buffer.from([0, 255, 10, 13, ...Buffer.from('{"no": "json')]);
      const object = {
        container,
        name,
        sizeBytes: content.length,
        open: () => Readable.from([content]),
        md5: createHash('md5').update(content).digest('hex'),
        sha256: createHash('sha256').update(content).digest('hex'),
      };
      const url = publicUrl(await endpointOf(member), container, name);

      expect(await findReadableContainer(member, ctx, container)).toBeUndefined();
      await putContainer(member, ctx, container, { userIds: [] });
      expect(await findReadableContainer(member, ctx, container)).toEqual({ objectCount: 0, isPublic: false });
      expect(await findObject(member, ctx, { container, name })).toBeUndefined();
      const wrong = await failureOf(putObject(member, ctx, { ...object, md5: '0'.repeat(32) }));
      expect(isStatus(wrong, 422)).toBe(true);
      expect(await findObject(member, ctx, { container, name })).toBeUndefined();
      await putObject(member, ctx, object);
      expect(await findObject(member, ctx, { container, name })).toEqual({
        sizeBytes: content.length,
        sha256: object.sha256,
      });

      expect((await fetch(url)).status).toBe(401);
      await putPublicContainer(member, ctx, container);
      expect((await findReadableContainer(member, ctx, container))?.isPublic).toBe(true);
      const answer = await fetch(url);
      expect(answer.status).toBe(200);
      expect(Buffer.from(await answer.arrayBuffer())).toEqual(content);
      expect((await fetch(url, { method: 'HEAD' })).headers.get('content-length')).toBe(String(content.length));
      expect((await fetch(publicUrl(await endpointOf(member), container))).status).toBe(401);
      expect((await fetch(url, { method: 'PUT', body: 'x' })).status).toBe(401);
      expect((await fetch(`${url}x`)).status).toBe(404);

      await deleteObject(member, ctx, { container, name });
      await deleteContainer(member, ctx, { name: container });
    });

    it('shows a container to nobody of another project, and to nobody without the role', async () => {
      const [member, foreigner] = [cloud().session('member'), cloud().session('foreigner')];
      const { projectId } = await member.identity(ctx);
      const name = freshName('container');
      await putContainer(member, ctx, name, { userIds: [] });

      expect(isStatus(await failureOf(findContainer(foreigner, ctx, { name, projectId })), 403)).toBe(true);
      expect(isStatus(await failureOf(putContainer(foreigner, ctx, name, { userIds: [], projectId })), 403)).toBe(true);

      await deleteContainer(member, ctx, { name });
    });

    it('lets a user without any role use the container whose list names it, and nothing else', async () => {
      const [member, admin] = [cloud().session('member'), cloud().session('domainAdmin')];
      const { domainId = '' } = await admin.identity(ctx);
      const password = 'secret-of-a-registry';
      const [name, other] = [freshName('container'), freshName('container')];
      const user = await createUser(admin, ctx, { domainId, name: freshName('user'), password, description: '' });
      const credentials: PasswordCredentials = { kind: 'password', user: { id: user.id }, password, scope: 'unscoped' };
      const token = await cloud().token(credentials);
      const endpoint = await endpointOf(member);
      await putContainer(member, ctx, other, { userIds: [] });
      await putContainer(member, ctx, name, { userIds: [user.id] });

      const own = await useContainer(endpoint + path(name), token);
      const others = await useContainer(endpoint + path(other), token);
      await putContainer(member, ctx, name, { userIds: [] });
      const after = await useContainer(endpoint + path(name), token);

      const refused = { list: 403, write: 403, read: 403, remove: 403, removeAll: 403 };
      expect(own).toEqual({ list: 200, write: 201, read: 200, remove: 204, removeAll: 403 });
      expect(others).toEqual(refused);
      expect(after).toEqual(refused);

      for (const container of [name, other]) await deleteContainer(member, ctx, { name: container });
      await deleteUser(admin, ctx, user.id);
    });
  });
}
