import { deleteKeypair, findKeypair, importKeypair } from '../../../openstack/compute/keypairs.js';
import { isStatus } from '../../../openstack/errors.js';
import { listRoles } from '../../../openstack/identity/roles.js';
import { createTrust, deleteTrust, findTrust } from '../../../openstack/identity/trusts.js';
import { createUser, deleteUser, type User } from '../../../openstack/identity/users.js';
import { createStack, deleteStack, findStack, type Template } from '../../../openstack/orchestration/stacks.js';
import { path } from '../../../openstack/path.js';
import type { Session } from '../../../openstack/session.js';
import { until } from '../../support/until.js';
import { type ContractCloud, failureOf, freshName } from './contract-cloud.js';
import { definitionOf, settled } from './orchestration.contract.js';

const ctx = {};
const PASSWORD = 'trustee-secret';
const NOBODY = 'f'.repeat(32);

const TEMPLATE: Template = {
  heat_template_version: '2018-08-31',
  parameters: { image: { type: 'string' }, flavor: { type: 'string' } },
  resources: { net: { type: 'OS::Neutron::Net' } },
};

interface NewApplicationCredential {
  application_credential: { id: string; secret: string };
}

async function makeApplicationCredential(session: Session, userId: string) {
  const { body } = await session.request<NewApplicationCredential>(ctx, {
    service: 'identity',
    method: 'POST',
    path: path('users', userId, 'application_credentials'),
    body: { application_credential: { name: freshName('credential') } },
  });
  return body.application_credential;
}

/** What an account of kind `trust` relies on: the trustor is a project's member, the trustee a user of the accounts' domain. */
export function describeTrusts(cloud: () => ContractCloud): void {
  describe('trusts', () => {
    let member: Session;
    let trustee: User;
    beforeEach(async () => {
      member = cloud().session('member');
      const admin = cloud().session('domainAdmin');
      const { domainId = '' } = await admin.identity(ctx);
      const newUser = { domainId, name: freshName('trustee'), password: PASSWORD, description: '' };
      trustee = await createUser(admin, ctx, newUser);
    });
    afterEach(() => deleteUser(cloud().session('domainAdmin'), ctx, trustee.id));

    async function newTrust() {
      const { userId, projectId = '', roles } = await member.identity(ctx);
      return { trustorUserId: userId, trusteeUserId: trustee.id, projectId, roleIds: roles.map(({ id }) => id) };
    }
    const trusting = (trustId: string) =>
      cloud().session({ kind: 'password', user: { id: trustee.id }, password: PASSWORD, scope: { trustId } });
    const bare = () =>
      cloud().session({ kind: 'password', user: { id: trustee.id }, password: PASSWORD, scope: 'unscoped' });

    it('lets the trustee act as the trustor on the project, and both see the trust', async () => {
      const input = await newTrust();
      const { id } = await createTrust(member, ctx, input);

      const seen = await trusting(id).identity(ctx);

      expect(seen).toMatchObject({ userId: input.trustorUserId, projectId: input.projectId });
      expect(seen.roles.map((role) => role.id).toSorted()).toEqual(input.roleIds.toSorted());
      expect(await findTrust(bare(), ctx, id)).toMatchObject({ id, trusteeUserId: trustee.id });
      expect(await findTrust(member, ctx, id)).toMatchObject({ id, projectId: input.projectId });
      expect(await findTrust(bare(), ctx, NOBODY)).toBeUndefined();
    });

    it('is made by nobody but the trustor, and only with roles that the trustor has', async () => {
      const input = await newTrust();
      const admin = (await listRoles(cloud().session('service'), ctx)).find(({ name }) => name === 'admin');
      const failure = (session: Session, changes: Partial<typeof input>) =>
        failureOf(createTrust(session, ctx, { ...input, ...changes }));

      expect(isStatus(await failure(cloud().session('service'), {}), 403)).toBe(true);
      expect(isStatus(await failure(member, { roleIds: [admin?.id ?? ''] }), 404)).toBe(true);
      expect(isStatus(await failure(member, { roleIds: [] }), 403)).toBe(true);
      expect(isStatus(await failure(member, { trusteeUserId: NOBODY }), 404)).toBe(true);
    });

    it('is not made by a token of an application credential, which is good for the rest', async () => {
      const input = await newTrust();
      const { id, secret } = await makeApplicationCredential(member, input.trustorUserId);
      const session = cloud().session({ kind: 'applicationCredential', id, secret });

      expect(await session.identity(ctx)).toMatchObject({
        userId: input.trustorUserId,
        projectId: input.projectId,
        applicationCredential: true,
      });
      expect(isStatus(await failureOf(createTrust(session, ctx, input)), 403)).toBe(true);
      expect(isStatus(await failureOf(makeApplicationCredential(session, input.trustorUserId)), 403)).toBe(true);
      const made = path('users', input.trustorUserId, 'application_credentials', id);
      await member.request(ctx, { service: 'identity', method: 'DELETE', path: made });
      const lateLogin = cloud().session({ kind: 'applicationCredential', id, secret }).identity(ctx);
      expect(isStatus(await failureOf(lateLogin), 404)).toBe(true);
    });

    it('may not be passed on as something that may be passed on again', async () => {
      const input = await newTrust();
      const { id } = await createTrust(member, ctx, input);

      expect(isStatus(await failureOf(createTrust(trusting(id), ctx, input)), 403)).toBe(true);
    });

    it('is ended by the trustee in the name of the trustor, and lets nobody in afterwards', async () => {
      const { id } = await createTrust(member, ctx, await newTrust());
      expect(isStatus(await failureOf(deleteTrust(bare(), ctx, id)), 403)).toBe(true);

      expect(await deleteTrust(trusting(id), ctx, id)).toBe(true);

      expect(await deleteTrust(member, ctx, id)).toBe(false);
      expect(isStatus(await failureOf(trusting(id).identity(ctx)), 401)).toBe(true);
    });

    it('ends with its trustee', async () => {
      const { id } = await createTrust(member, ctx, await newTrust());

      await deleteUser(cloud().session('domainAdmin'), ctx, trustee.id);

      expect(await findTrust(member, ctx, id)).toBeUndefined();
    });

    it("carries stacks, and keypairs that are the trustor's", async () => {
      const { id } = await createTrust(member, ctx, await newTrust());
      const account = trusting(id);
      const name = freshName('stack');

      const stack = { name, ...(await createStack(account, ctx, { name, ...definitionOf(cloud(), TEMPLATE) })) };
      expect(await settled(cloud(), account, stack)).toMatchObject({ action: 'CREATE', status: 'COMPLETE' });
      await deleteStack(account, ctx, stack);
      await until(async () => (await findStack(account, ctx, { name })) === undefined, {
        limitMs: cloud().stackLimitMs,
      });
      await importKeypair(account, ctx, { name, publicKey: cloud().publicKey });
      expect(await findKeypair(member, ctx, name)).toMatchObject({ name });
      const { userId } = await member.identity(ctx);
      expect(await deleteKeypair(cloud().session('service'), ctx, name, userId)).toBe(true);
      expect(await deleteKeypair(cloud().session('service'), ctx, name, userId)).toBe(false);
    });
  });
}
