import { isStatus } from '../../../openstack/errors.js';
import { grantRole, listRoles } from '../../../openstack/identity/roles.js';
import { createUser, deleteUser } from '../../../openstack/identity/users.js';
import {
  createStack,
  deleteStack,
  findStack,
  findStackById,
  listStacks,
  type Template,
  updateStack,
} from '../../../openstack/orchestration/stacks.js';
import { until } from '../../support/until.js';
import { type ContractCloud, failureOf, freshName } from './contract-cloud.js';
import { definitionOf, settled } from './orchestration.contract.js';

const ctx = {};

const TEMPLATE: Template = {
  heat_template_version: '2018-08-31',
  parameters: { image: { type: 'string' }, flavor: { type: 'string' } },
  resources: { net: { type: 'OS::Neutron::Net' } },
};

export function describeStackPermissions(cloud: () => ContractCloud): void {
  describe('who may touch a stack', () => {
    it("lets the service user list, see, change and delete through the project's path, and nobody else", async () => {
      const [member, service, foreigner] = [
        cloud().session('member'),
        cloud().session('service'),
        cloud().session('foreigner'),
      ];
      const { projectId = '' } = await member.identity(ctx);
      const [name, tag] = [freshName('stack'), freshName('tag')];
      const input = { name, ...definitionOf(cloud(), TEMPLATE, [tag]) };

      const ref = { name, id: (await createStack(member, ctx, input)).id, projectId };
      await settled(cloud(), member, ref);

      expect(isStatus(await failureOf(listStacks(foreigner, ctx, { tags: [tag], projectId })), 403)).toBe(true);
      expect(await findStack(foreigner, ctx, { name })).toBeUndefined();
      expect(await listStacks(service, ctx, { tags: [tag], projectId })).toHaveLength(1);
      expect(await listStacks(service, ctx, { tags: [tag] })).toEqual([]);
      expect(await findStack(service, ctx, { name, projectId })).toMatchObject({ id: ref.id });
      await updateStack(service, ctx, { ...ref, ...input });
      expect(await settled(cloud(), service, ref)).toMatchObject({ action: 'UPDATE', status: 'COMPLETE' });
      expect(await deleteStack(service, ctx, ref)).toBe(true);
      await until(async () => (await findStack(service, ctx, ref)) === undefined, { limitMs: cloud().stackLimitMs });
    });

    it('lets an account with the role member, made for it, have stacks of its own that the creator sees', async () => {
      const [admin, service, member] = [
        cloud().session('domainAdmin'),
        cloud().session('service'),
        cloud().session('member'),
      ];
      const { domainId = '' } = await admin.identity(ctx);
      const { projectId = '' } = await member.identity(ctx);
      const role = (await listRoles(service, ctx)).find((each) => each.name === 'member');
      const newUser = { domainId, name: freshName('account'), password: 'account-secret', description: '' };
      const user = await createUser(admin, ctx, newUser);
      await grantRole(service, ctx, { projectId, userId: user.id, roleId: role?.id ?? '' });
      const logIn = () =>
        cloud().session({ kind: 'password', user: { id: user.id }, password: 'account-secret', scope: { projectId } });
      const account = logIn();
      const name = freshName('stack');

      const { id } = await createStack(account, ctx, { name, ...definitionOf(cloud(), TEMPLATE) });
      expect(await settled(cloud(), account, { name, id })).toMatchObject({ action: 'CREATE', status: 'COMPLETE' });
      expect(await findStackById(member, ctx, { name, id })).toMatchObject({ id });
      await deleteStack(account, ctx, { name, id });
      await until(async () => (await findStack(account, ctx, { name })) === undefined, {
        limitMs: cloud().stackLimitMs,
      });
      await deleteUser(admin, ctx, user.id);

      // Tokens that a service has seen are good for a while yet (keystonemiddleware's cache); new ones are not to be had.
      expect(isStatus(await failureOf(logIn().identity(ctx)), 401)).toBe(true);
    });
  });
}
