import { isConflict, isStatus } from '../../../openstack/errors.js';
import { findDomainByName } from '../../../openstack/identity/domains.js';
import { findProject } from '../../../openstack/identity/projects.js';
import { grantRole, listGrants, listRoles, revokeRole } from '../../../openstack/identity/roles.js';
import { validateToken } from '../../../openstack/identity/tokens.js';
import { createUser, deleteUser, findUserByName, setPassword } from '../../../openstack/identity/users.js';
import { type ContractCloud, failureOf, freshName } from './contract-cloud.js';

const ctx = {};

export function describeIdentity(cloud: () => ContractCloud): void {
  describe('identity', () => {
    it('says who a session is, with the scope and the roles of its token', async () => {
      const member = await cloud().session('member').identity(ctx);
      const domainAdmin = await cloud().session('domainAdmin').identity(ctx);

      expect(member.projectId).toMatch(/^[0-9a-f]{32}$/);
      expect(member.roles.map((role) => role.name)).toEqual(expect.arrayContaining(['member', 'reader']));
      expect(member.catalog.map((service) => service.type)).toContain('orchestration');
      expect(domainAdmin).toMatchObject({ projectId: undefined, domainId: expect.stringMatching(/./) });
    });

    it('refuses a wrong password with 401', async () => {
      const { userId, projectId = '' } = await cloud().session('member').identity(ctx);
      const user = { id: userId };
      const session = cloud().session({ kind: 'password', user, password: 'wrong', scope: { projectId } });

      expect(isStatus(await failureOf(session.identity(ctx)), 401)).toBe(true);
    });

    it('lets the service user validate a token, and does not know one that it did not issue', async () => {
      const service = cloud().session('service');
      const memberToken = await cloud().token('member');

      const info = await validateToken(service, ctx, memberToken);

      expect(info?.userId).toBe((await cloud().session('member').identity(ctx)).userId);
      expect(info?.expiresAt).toBeGreaterThan(info?.issuedAt ?? 0);
      expect(await validateToken(service, ctx, 'no-such-token')).toBeUndefined();
    });

    it("lets a user's own token speak for the user, catalog included", async () => {
      const session = cloud().session({ kind: 'token', token: await cloud().token('member') });

      expect((await session.identity(ctx)).projectId).toBe((await cloud().session('member').identity(ctx)).projectId);
    });

    it('finds domains and projects, and says nothing of those that are not there', async () => {
      const service = cloud().session('service');
      const { projectId = '' } = await cloud().session('member').identity(ctx);

      expect(await findDomainByName(service, ctx, cloud().accountDomain)).toMatchObject({ enabled: true });
      expect(await findDomainByName(service, ctx, 'no-such-domain')).toBeUndefined();
      expect(await findProject(service, ctx, projectId)).toMatchObject({ id: projectId });
      expect(await findProject(service, ctx, '0'.repeat(32))).toBeUndefined();
    });

    it('gives an account a life: made once, granted, used, with a new password, deleted, gone', async () => {
      const [admin, service] = [cloud().session('domainAdmin'), cloud().session('service')];
      const { domainId = '' } = await admin.identity(ctx);
      const { projectId = '' } = await cloud().session('member').identity(ctx);
      const newUser = { domainId, name: freshName('user'), password: 'first-secret', description: 'of the contract' };
      const role = (await listRoles(service, ctx)).find(({ name }) => name === 'member');
      if (role === undefined) throw new Error('there is no role member');
      const identityWith = (userId: string, password: string) =>
        cloud()
          .session({ kind: 'password', user: { id: userId }, password, scope: { projectId } })
          .identity(ctx);

      const user = await createUser(admin, ctx, newUser);
      const grant = { projectId, userId: user.id, roleId: role.id };
      expect(isConflict(await failureOf(createUser(admin, ctx, newUser)))).toBe(true);
      expect(await findUserByName(admin, ctx, newUser)).toEqual(user);
      expect(isStatus(await failureOf(identityWith(user.id, 'first-secret')), 401)).toBe(true);

      await grantRole(service, ctx, grant);
      await grantRole(service, ctx, grant);
      expect((await listGrants(service, ctx, grant)).map(({ name }) => name)).toEqual(['member']);
      expect((await identityWith(user.id, 'first-secret')).projectId).toBe(projectId);

      await setPassword(admin, ctx, user.id, 'second-secret');
      expect(isStatus(await failureOf(identityWith(user.id, 'first-secret')), 401)).toBe(true);
      expect((await identityWith(user.id, 'second-secret')).userId).toBe(user.id);

      expect(await revokeRole(service, ctx, grant)).toBe(true);
      expect(await revokeRole(service, ctx, grant)).toBe(false);
      expect(await deleteUser(admin, ctx, user.id)).toBe(true);
      expect(await deleteUser(admin, ctx, user.id)).toBe(false);
      expect(await findUserByName(admin, ctx, newUser)).toBeUndefined();
    });

    // Whether the domain admin is kept to the own domain is the cloud's choice: Keystone's `enforce_new_defaults`.
    it('keeps a member from users and roles', async () => {
      const member = cloud().session('member');
      const newUser = { domainId: 'default', name: freshName('user'), password: 'secret', description: '' };

      expect(isStatus(await failureOf(createUser(member, ctx, newUser)), 403)).toBe(true);
      expect(isStatus(await failureOf(listRoles(member, ctx)), 403)).toBe(true);
    });
  });
}
