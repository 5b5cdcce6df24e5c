import { magnumTable } from '../../common/config/magnum-table.js';
import { repositoryFiles } from '../support/source-tree.js';

it('docs/configuration.md holds the table that "bayou config magnum" prints', () => {
  const text = repositoryFiles().find(({ path }) => path === 'docs/configuration.md')?.text;

  expect(text).toContain(magnumTable());
});
