import { Policy } from '../../api/policy.js';
import { defaultRules } from '../../api/policy-rules.js';

describe('A policy', () => {
  const me = { roles: ['Member'], known: { user_id: 'u', project_id: 'p', domain_id: 'd' } };
  const noObject = () => undefined;
  const policyOf = (rule: string, more = {}) =>
    new Policy({ context_is_admin: 'role:admin', other: 'role:member', rule, ...more });
  const allows = (rule: string, target: Record<string, string> = {}) =>
    policyOf(rule).allows('rule', (field) => target[field], me);

  it.each([
    ['', true],
    ['@', true],
    ['!', false],
    ['not !', true],
    ['role:member', true],
    ['role:admin', false],
    ['rule:other', true],
    ['not rule:other', false],
    ['is_admin:True', false],
    ['is_admin:False', true],
    ['is_admin:1', false],
    ['not is_admin:true', true],
    ['role:admin or role:member', true],
    ['role:admin and role:member', false],
    ['role:member or role:admin and role:admin', true],
    ['(role:member or role:admin) and role:admin', false],
    ['not (role:admin or !)', true],
    ['not role:admin and not role:x', true],
    ['project_id:%(project_id)s', true],
    ['user_id:%(project_id)s', false],
    ['user_id:%(missing)s', false],
    ['user_id:u', true],
    ['(user_id:%(user_id)s)', true],
    ['missing:%(missing)s', false],
    ['toString:x', false],
    ['((role:member) and (project_id:%(project_id)s))', true],
    ['roles:Member', true],
    ['roles:member', false],
    ['role:%(needed)s', true],
    ['role:%(missing)s', false],
    ["'Member':%(needed)s", false],
    ["'member':%(needed)s", true],
    ['"member":%(needed)s', true],
    ['True:%(public)s', true],
    ['False:%(public)s', false],
    ['None:%(missing)s', false],
    ['user_id:%(user_id)s-%(project_id)s', false],
    ['domain_id:%(user_id)s%%', false],
    ['NOT role:admin AND role:member', true],
  ])('reads "%s"', (rule, expected) => {
    expect(allows(rule, { project_id: 'p', user_id: 'u', needed: 'member', public: 'True' })).toBe(expected);
  });

  it.each([
    'role',
    'rule:none',
    '(role:a',
    'role:a)',
    'role:a role:b',
    'or role:a',
    'role:a and',
    'not',
    'rule:rule',
    ':x',
    'not(role:a)',
    '"role:a"',
    'user_id:%(user_id)',
    'user_id:50%',
    'http://policy.example/%(name)s',
    'https://policy.example/%(name)s',
    ' ',
  ])('refuses "%s" at the start', (rule) => {
    expect(() => allows(rule)).toThrow(/^Policy rule "\w+": /);
  });

  it('names the rule that was meant', () => {
    expect(() => allows('rule:othr')).toThrow('there is no rule "othr"; did you mean "rule:other"?');
  });

  it('takes the default rule where another names one that there is not', () => {
    expect(policyOf('rule:none', { default: 'role:member' }).allows('rule', noObject, me)).toBe(true);
    expect(policyOf('rule:none', { default: '!' }).allows('rule', noObject, me)).toBe(false);
    const named = new Policy({ rule: 'rule:none', mine: '@' }, { defaultRule: 'mine' });
    expect(named.allows('rule', noObject, me)).toBe(true);
    expect(() => new Policy({ default: 'rule:none' })).toThrow('it refers to itself');
  });

  it('refuses circles, and reads a rule once that many refer to', () => {
    expect(() => policyOf('rule:a', { a: 'rule:b', b: 'not rule:a' })).toThrow('it refers to itself');
    const tower = Object.fromEntries(
      Array.from({ length: 200 }, (_, n) => [`r${n}`, `rule:r${n + 1} or rule:r${n + 1}`]),
    );
    expect(policyOf('rule:r0', { ...tower, r200: 'role:member' }).allows('rule', noObject, me)).toBe(true);
  });

  it('tells of checks that can never be true', () => {
    expect(policyOf('rle:member').warnings).toEqual([
      'Policy rule "rule": nothing called "rle" is known of a caller, so the check refuses; did you mean "role"?',
    ]);
  });

  it('allows nobody what no rule speaks of', () => {
    expect(new Policy(defaultRules(false)).allows('nothing', noObject, me)).toBe(false);
  });
});
